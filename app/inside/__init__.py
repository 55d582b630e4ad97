"""What the room Inside is made of: the flow of a picture, one unit, and the pages about it."""
