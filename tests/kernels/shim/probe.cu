// y[i] = factor * the sum over the warp of the values on the other side of the block: tries out the shim itself.
// `fault` 1 leaves out the barrier, 2 writes one value too many.
#include "device.h"
#include "scalar.h"

extern "C" __global__ void probe(const SCALAR* x, SCALAR* y, int count, float factor, int fault) {
  DYNAMIC_SHARED(float, values);
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  values[threadIdx.x] = i < count ? as_float(x[i]) : 0.0f;
  if (fault != 1) __syncthreads();
  float sum = values[blockDim.x - 1 - threadIdx.x];
  for (int shift = 16; shift; shift /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, shift);
  if (i < count + (fault == 2)) y[i] = as_scalar(factor * sum);
}
