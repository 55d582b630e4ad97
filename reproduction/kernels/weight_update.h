// The weight update that CPU and GPU share: which array a chunk of values belongs to, and how a value moves.
//
// Whoever includes this defines FUNCTION and multiply_add(a, b, c) = a b + c, rounded once where the processor can.
#pragma once

// One array, as weight_update.py describes it; chunks are counted over all arrays.
struct Array {
  float *weights, *velocity;
  const float* descent;
  long long size, first_chunk;
  float momentum, rate, decay;
  int moves;
};

// The array that `chunk` is a part of: the last that begins there or before.
FUNCTION const Array& array_of(const Array* arrays, int count, long long chunk) {
  int low = 0, high = count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (arrays[middle].first_chunk <= chunk)
      low = middle;
    else
      high = middle;
  }
  return arrays[low];
}

// V <- momentum V - rate G - decay W,   W <- W + V, each operation rounded as torch rounds it.
template <bool DECAYS, bool MOVES>
FUNCTION void move_value(float& weight, float& velocity, float descent, float momentum, float rate, float decay) {
  float v = multiply_add(-rate, descent, momentum * velocity);
  if (DECAYS) v = multiply_add(-decay, weight, v);  // not by 0 otherwise: the weight may be infinite
  velocity = v;
  if (MOVES) weight = weight + v;
}
