"""The HDF5 record of a run: written, read, checked and converted with numpy and h5py alone (see FORMAT.md)."""
