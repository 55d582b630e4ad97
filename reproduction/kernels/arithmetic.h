// The arithmetic that the CPU and the GPU share: formulas of one value, written once.
//
// V is `float` on the GPU and a vector of floats on the CPU. Whoever includes this defines FUNCTION and, for V,
//   inverse(d) = 1/d,   inverse_root(d) = d^-1/2,   inverse_fourth_root(d) = d^-1/4,   raised(d, power) = d^power.
#pragma once
#include "stages.h"

// The root of D = constant + alpha * sum that D^-power and 1/D are products of: D^-1/4 for the paper's power of 3/4,
// D^-1/2 for the older nets' 1/2. Other powers have no such root, and D itself is kept.
template <class V>
FUNCTION V norm_root(V sum, const Stage& stage) {
  V d = sum * stage.alpha + stage.constant;
  if (stage.power == 0.75f) return inverse_fourth_root(d);
  return stage.power == 0.5f ? inverse_root(d) : d;
}

// y = x D^-power.
template <class V>
FUNCTION V normalised(V x, V root, const Stage& stage) {
  if (stage.power == 0.75f) return x * (root * root * root);
  return x * (stage.power == 0.5f ? root : raised(root, -stage.power));
}

// Backward, first half: the direct part g D^-power, and what this place sends to its neighbours, g y / D.
template <class V>
FUNCTION void norm_parts(V g, V x, V root, const Stage& stage, V& direct, V& share) {
  V square = root * root;
  direct = normalised(g, root, stage);
  V sent = direct * x;
  if (stage.power == 0.75f)
    share = sent * (square * square);
  else
    share = sent * (stage.power == 0.5f ? square : inverse(root));
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
