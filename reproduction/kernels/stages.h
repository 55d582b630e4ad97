// The stages that a chain of small layers is made of: what Python (chain.py), C++ and CUDA agree on.
#pragma once

enum StageKind : int {
  BIAS = 0,       // x + bias of its map; only first
  RELU = 1,       // max(x, 0)
  ACROSS = 2,     // response normalisation over maps i - n/2 ... i - n/2 + n - 1 at the same pixel
  BLOCKED = 3,    // the same over blocks of n maps
  WITHIN = 4,     // the same over n x n pixels of the same map
  CONTRAST = 5,   // as WITHIN, of the squared distances to the mean over those pixels
  POOL_MAX = 6,   // largest value of each window; backward, every pixel that equals it gets the whole gradient
  POOL_AVERAGE = 7,   // mean over the pixels of each window that lie in the image
  POOL_SUM = 8,       // their sum
  POOL_MAGNITUDE = 9, // the value farthest from zero, of ties the later pixel's; backward as POOL_MAX
  DROPOUT = 10,       // x * scale where a given random number is below `keep`, else 0; only last
};

// Window o of a pool covers the pixels start + o * stride ... + size - 1 on both axes that lie in the image.
struct Stage {
  int kind, size, stride, start, outputs;
  float alpha, power, constant;  // D = constant + alpha * sum of squares, y = x * D^-power; DROPOUT: scale, -, keep
};
