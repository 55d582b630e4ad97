// The arithmetic that the CPU and the GPU share: formulas of one value, written once.
//
// V is `float` on the GPU and a vector of floats on the CPU. Whoever includes this defines FUNCTION and, for V,
//   inverse_root(d) = d^-1/2,   root(d) = d^1/2,   raised(d, power) = d^power.
#pragma once
#include "stages.h"

// d^-power; the paper's 3/4 and the older nets' 1/2 by square roots, which are much faster.
template <class V>
FUNCTION V inverse_power(V d, float power) {
  if (power == 0.75f) {
    V r = inverse_root(d);
    return r * root(r);
  }
  return power == 0.5f ? inverse_root(d) : raised(d, -power);
}

// Response normalisation: y = x D^-power, with `sum` the sum of squares of the neighbours.
template <class V>
FUNCTION V normalised(V x, V sum, const Stage& stage) {
  return x * inverse_power(sum * stage.alpha + stage.constant, stage.power);
}

// Backward, first half: the direct part g D^-power, and what this place sends to its neighbours, g y / D.
template <class V>
FUNCTION void norm_parts(V g, V x, V sum, const Stage& stage, V& direct, V& share) {
  V d = sum * stage.alpha + stage.constant;
  direct = g * inverse_power(d, stage.power);
  share = direct * x / d;
}

// Backward, second half; `measured` is what is squared in D, `shares` the sum over all whose neighbour this is.
template <class V>
FUNCTION V norm_gradient(V direct, V measured, V shares, const Stage& stage) {
  return direct - measured * shares * (2 * stage.alpha * stage.power);
}

// Output windows of a pool that cover input coordinate i: first ... last, empty where first > last.
FUNCTION int first_window(const Stage& pool, int i) {
  int beyond = i - pool.start - pool.size;  // the last coordinate that is left of the first window's reach
  int first = beyond < 0 ? 0 : beyond / pool.stride + 1;
  return first;
}

FUNCTION int last_window(const Stage& pool, int i) {
  int from_start = i - pool.start;
  if (from_start < 0) return -1;
  int last = from_start / pool.stride;
  return last < pool.outputs - 1 ? last : pool.outputs - 1;
}

// Input coordinates of window o on an axis of `side`: begin ... end - 1; may be empty.
FUNCTION int window_begin(const Stage& pool, int o) {
  int begin = pool.start + o * pool.stride;
  return begin < 0 ? 0 : begin;
}

FUNCTION int window_end(const Stage& pool, int o, int side) {
  int end = pool.start + o * pool.stride + pool.size;
  return end < side ? end : side;
}
