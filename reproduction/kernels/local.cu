// Locally connected filters on the GPU: as convolution.cu, with filters of its own at every position.
//
//   y[n, m, f] = sum over c, i, j of W[m, f, c, i, j] x[n, m * stride - padding + (i, j), c], zeros outside
//
// x (N, S, S, C), y (N, M, M, F), W (M * M, F, C / groups, k, k), read and written as SCALAR, added up in float32. At
// each position all images are multiplied with its filters; in the gradient at the pictures it is each pixel that is
// summed over the windows that see it.
#include "tile.h"

#include "products.h"

extern "C" __global__ void __launch_bounds__(THREADS)
    local(const SCALAR* x, const SCALAR* weights, SCALAR* y, Filtering shape) {
  filter_answers(x, weights, y, shape, true);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    local_image_gradient(const SCALAR* g, const SCALAR* weights, SCALAR* dx, Filtering shape) {
  image_gradient(g, weights, dx, shape, true);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    local_weight_gradient(const SCALAR* g, const SCALAR* x, float* dw, Filtering shape) {
  weight_gradient(g, x, dw, shape, true, 0);
}
