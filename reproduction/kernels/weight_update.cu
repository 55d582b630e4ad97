// The update of all weights of a network on the GPU, in one launch.
//
// A block takes one chunk, of whichever array that is. Threads read W, V and G and write W and V next to each other;
// nothing is shared and nothing accumulates.
#include "device.h"

FUNCTION float multiply_add(float a, float b, float c) { return __fmaf_rn(a, b, c); }

#include "weight_update.h"

template <bool DECAYS, bool MOVES>
FUNCTION void move_values(const Array& array, int64 begin, int64 end) {
  float *__restrict__ weights = array.weights, *__restrict__ velocity = array.velocity;
  const float* __restrict__ descent = array.descent;
  float momentum = array.momentum, rate = array.rate, decay = array.decay;
#pragma unroll 4
  for (int64 i = begin + threadIdx.x; i < end; i += blockDim.x)
    move_value<DECAYS, MOVES>(weights[i], velocity[i], descent[i], momentum, rate, decay);
}

// A grid of as many blocks as there are chunks of `chunk_size` values.
extern "C" __global__ void update(const Array* arrays, int count, int64 chunk_size) {
  const Array& array = array_of(arrays, count, blockIdx.x);
  int64 begin = (blockIdx.x - array.first_chunk) * chunk_size, end = begin + chunk_size;
  if (end > array.size) end = array.size;
  if (array.decay != 0)
    array.moves ? move_values<true, true>(array, begin, end) : move_values<true, false>(array, begin, end);
  else
    array.moves ? move_values<false, true>(array, begin, end) : move_values<false, false>(array, begin, end);
}
