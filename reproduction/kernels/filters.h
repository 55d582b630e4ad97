// Filters over the windows of a picture: what Python (filtering.py), C++ and CUDA agree on.
#pragma once
#include "arithmetic.h"

// Pictures are (images, side, side, channels), answers (images, outputs, outputs, filters). The windows are those of
// a pool of sums: outside the picture they see zeros, so only what lies inside counts. With groups, run k of the
// filters sees run k of the channels.
struct Filtering {
  long long images;
  int channels, side, filters, groups;
  Stage windows;  // size, stride, start = -padding, outputs
};

FUNCTION int group_channels(const Filtering& shape) { return shape.channels / shape.groups; }
FUNCTION int group_filters(const Filtering& shape) { return shape.filters / shape.groups; }
FUNCTION int filter_pixels(const Filtering& shape) { return shape.windows.size * shape.windows.size; }
FUNCTION int positions(const Filtering& shape) { return shape.windows.outputs * shape.windows.outputs; }
FUNCTION int pixels(const Filtering& shape) { return shape.side * shape.side; }

// The picture's coordinate that is first in window o; may lie outside.
FUNCTION int window_start(const Filtering& shape, int o) { return shape.windows.start + o * shape.windows.stride; }

// The window that sees a pixel of the picture at its pixel (i, j); -1 where there is none.
FUNCTION int window_seeing(const Filtering& shape, int row, int column, int i, int j) {
  int stride = shape.windows.stride, outputs = shape.windows.outputs;
  int down = row - i - shape.windows.start, across = column - j - shape.windows.start;
  if (down < 0 || across < 0 || down % stride || across % stride) return -1;
  int o = down / stride, q = across / stride;
  return o < outputs && q < outputs ? o * outputs + q : -1;
}
