// Crops of uint8 pictures (N, C, H, W) as a network sees them, float32 (views, S, S, C), on the GPU.
//
// A thread makes value (y, x, c) of a crop: neighbouring threads write, and read of the mean, neighbouring places;
// of the pictures they read C runs of bytes. Crops lie along the grid's y axis, round and round.
#include "device.h"

#include "crops.h"

// mean (S, S, C); rows, columns, flips (views); shift (views, C) or null.
extern "C" __global__ void augment(const unsigned char* pictures, const float* mean, const int64* rows,
                                   const int64* columns, const int64* flips, const float* shift, float* out,
                                   Crops all) {
  int64 values = (int64)all.size * all.size * all.channels, value = (int64)blockIdx.x * blockDim.x + threadIdx.x;
  if (value >= values) return;
  int place = (int)value, c = place % all.channels, x = place / all.channels % all.size;
  int y = place / all.channels / all.size;
  for (int64 view = blockIdx.y; view < all.views; view += gridDim.y) {
    int64 channel = view % all.pictures * all.channels + c;
    int64 row = rows[view] + y, column = columns[view] + (flips[view] ? all.size - 1 - x : x);
    unsigned char pixel = pictures[(channel * all.height + row) * all.width + column];
    float shifted = shift ? shift[view * all.channels + c] : 0.0f;
    out[view * values + value] = noisy(pixel, mean[value], shifted, all.divisor);
  }
}
