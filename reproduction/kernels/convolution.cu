// Convolution on the GPU as the original did it: no library, no rearranged copy of the picture.
//
//   y[n, m, f] = sum over i, j, c of W[f, i, j, c] x[n, m * stride - padding + (i, j), c], zeros outside the picture
//
// x (N, S, S, C), y (N, M, M, F), W (F, k, k, C / groups), read and written as SCALAR, added up in float32. Pictures
// lay the other way round in 2012, with the images innermost, so that the threads of a warp read the same pixel of
// 32 images; today's pictures have the channels there, and the threads read the channels of a pixel. What has stayed:
// a block computes so many filters for so many places, pixels of the window come into shared memory a few at a time,
// and each thread adds up its filters and places in registers. Here both gradients are the same loop as well, over
// other matrices.
#include "tile.h"

#include "products.h"

extern "C" __global__ void __launch_bounds__(THREADS)
    convolution(const SCALAR* x, const SCALAR* weights, SCALAR* y, Filtering shape) {
  filter_answers(x, weights, y, shape, false);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    convolution_image_gradient(const SCALAR* g, const SCALAR* weights, SCALAR* dx, Filtering shape) {
  image_gradient(g, weights, dx, shape, false);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    convolution_weight_gradient(const SCALAR* g, const SCALAR* x, float* dw, Filtering shape, int part) {
  weight_gradient(g, x, dw, shape, false, part);
}
