"""Figures as files: pictures, drawings, pages and numbers, each with the card of where it comes from."""
