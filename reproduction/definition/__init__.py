"""From the text of a definition file to a checked, unchanging `Network`; needs neither torch nor h5py."""
