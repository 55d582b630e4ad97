// The convolution of convolution.cu with its products on the tensor cores: the same matrices, read in the same way.
//
// float goes in as tf32, which keeps 11 bits of its 24; half precision and bfloat16 go in as they are; sums are
// float32. Turing's tensor cores know half precision alone: there the others are computed as in convolution.cu.
#include "scalar.h"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800 && SCALAR_NUMBER(SCALAR) != SCALAR___half
#include "tile.h"
#else
#include "tensor_tile.h"
#endif

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
