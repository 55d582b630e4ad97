"""What a network does with one picture, and what it would do otherwise: with torch (without: `analysis`)."""
