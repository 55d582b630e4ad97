// The values of a tile, stage by stage: from the picture to shared memory, and to the result.
#pragma once
#include "chain_tile.h"

// The elementwise stages, inside the picture. A negative zero stays as it is, NaN stays NaN.
template <int K>
FUNCTION V elementwise(const Work& work, const Place& p, const V& value) {
  if constexpr (stage(K).kind == BIAS) {
    return value + load_part<WHOLE>(work.bias + p.channel, CHANNELS - p.channel);
  } else if constexpr (stage(K).kind == RELU) {
    return lanes([&](int i) { return value.lane[i] < 0.0f ? 0.0f : value.lane[i]; });
  } else if constexpr (stage(K).kind == DROPOUT) {
    constexpr float keep = stage(K).constant, scale = stage(K).alpha;
    V drawn = read<K>(work.uniform, p);
    return lanes([&](int i) { return value.lane[i] * (drawn.lane[i] < keep ? scale : 0.0f); });
  } else {
    return value;
  }
}

// Takes values of level K through the elementwise stages that follow, to shared memory or to the result. Made
// again for the gradients, all values stay in shared memory, the last ones as dropout finds them.
template <int K, bool AGAIN>
FUNCTION void emit(const Work& work, const Place& p, const V& value) {
  if constexpr (K < COUNT && is_elementwise(K) && !(AGAIN && stage(K).kind == DROPOUT))
    emit<K + 1, AGAIN>(work, p, is_inside<K>(p) ? elementwise<K>(work, p, value) : value);
  else if constexpr (K == COUNT && !AGAIN)
    write<K>(work.y, p, value);
  else if constexpr (offset(value_box(K)) >= 0)
    store(work.memory + offset(value_box(K)) + Box<value_box(K)>(work).at(p), cut<K>(p, value));
}

template <int K>
FUNCTION V value_at(const Work& work, const Place& p) {
  return load(work.memory + offset(value_box(K)) + Box<value_box(K)>(work).at(p));
}

// The level at which a value of level K is kept, having gone through elementwise stages.
FUNCTION constexpr int kept_level(int level) {
  while (level < COUNT && is_elementwise(level) && stage(level).kind != DROPOUT) level++;
  return level;
}

// Sums over neighbouring maps of what `from` holds in the places of BOX: of squares for D, of shares going back.
template <int K, int BOX, bool SQUARED, bool TRANSPOSED>
FUNCTION V sum_across(const Work& work, const float* from, const Place& p) {
  constexpr int size = stage(K).size, before = TRANSPOSED ? above(K) : below(K);
  constexpr int first = -(before + LANES - 1) / LANES, groups = (size - 1 - before + LANES - 1) / LANES - first + 1;
  const float* here = from + Box<BOX>(work).at(p);
  float around[groups * LANES];
#pragma unroll
  for (int group = 0; group < groups; group++) {
    V values = load(here + (first + group) * LANES);
#pragma unroll
    for (int i = 0; i < LANES; i++)
      around[group * LANES + i] = SQUARED ? values.lane[i] * values.lane[i] : values.lane[i];
  }
  return lanes([&](int i) {
    float sum = 0.0f;
#pragma unroll
    for (int j = 0; j < size; j++) sum += around[i + j - before - first * LANES];
    return sum;
  });
}

// The same over the block of maps that each map lies in.
template <int K, int BOX, bool SQUARED>
FUNCTION V sum_of_block(const Work& work, const float* from, const Place& p) {
  constexpr int size = stage(K).size;
  const Box<BOX> box(work);
  return lanes([&](int i) {
    int channel = p.channel + i, first = channel - (channel % size + size) % size;
    float sum = 0.0f;
    for (int j = 0; j < size; j++) {
      float value = from[box.at(p.row, p.column, first + j)];
      sum += SQUARED ? value * value : value;
    }
    return sum;
  });
}

template <int K, int BOX, bool SQUARED, bool TRANSPOSED>
FUNCTION V neighbour_sum(const Work& work, const float* from, const Place& p) {
  if constexpr (stage(K).kind == BLOCKED)
    return sum_of_block<K, BOX, SQUARED>(work, from, p);
  else
    return sum_across<K, BOX, SQUARED, TRANSPOSED>(work, from, p);
}

// Sums over the window of each place of OUT, of what `from` holds in the places of IN: handed to apply(place, sum).
// A thread goes down a column of places and keeps the sums of the last lines.
template <int OUT, int IN, int SIZE, int BEFORE, bool SQUARED, class Apply>
FUNCTION void window_sums(const Work& work, const float* from, const Apply& apply) {
  using B = Box<OUT>;
  const B out(work);
  const Box<IN> in(work);
  for (int i = threadIdx.x; i < B::COLUMNS_ * B::GROUPS; i += THREADS) {
    int column = out.column + i / B::GROUPS, channel = out.channel + i % B::GROUPS * LANES;
    V lines[SIZE];
    for (int step = 0; step < B::ROWS_ + SIZE - 1; step++) {
#pragma unroll
      for (int line = 0; line + 1 < SIZE; line++) lines[line] = lines[line + 1];
      const float* at = from + in.at(out.row - BEFORE + step, column - BEFORE, channel);
      V line_sum = all(0.0f);
#pragma unroll
      for (int shift = 0; shift < SIZE; shift++) {
        V value = load(at + shift * Box<IN>::CHANNELS_);
        line_sum = SQUARED ? multiplied_and_added(value, value, line_sum) : line_sum + value;
      }
      lines[SIZE - 1] = line_sum;
      if (step < SIZE - 1) continue;
      V sum = lines[0];
#pragma unroll
      for (int line = 1; line < SIZE; line++) sum = sum + lines[line];
      apply(Place{out.row + step - (SIZE - 1), column, channel}, sum);
    }
  }
}

// What a contrast norm squares: the distance to the mean over the pixels around that lie in the picture.
template <int K>
FUNCTION void measure(const Work& work) {
  constexpr int OUT = measured_box(K), size = stage(K).size;
  float* measured = work.memory + offset(OUT);
  window_sums<OUT, value_box(K), size, below(K), false>(
      work, work.memory + offset(value_box(K)), [&](const Place& p, const V& sum) {
        constexpr int rows = side_of(K, ROWS), columns = side_of(K, COLUMNS);
        V distance = all(0.0f);
        if (is_inside<K>(p)) {
          int high = min(rows, p.row + above(K) + 1) - max(0, p.row - below(K));
          int wide = min(columns, p.column + above(K) + 1) - max(0, p.column - below(K));
          distance = value_at<K>(work, p) - sum / all((float)(high * wide));
        }
        store(measured + Box<OUT>(work).at(p), distance);
      });
  __syncthreads();
}

// Calls apply(place, sum) for all places of OUT, with the sum of squares that D of norm K is made of.
template <int K, int OUT, class Apply>
FUNCTION void for_each_square_sum(const Work& work, const Apply& apply) {
  constexpr Stage norm = stage(K);
  if constexpr (norm.kind == WITHIN || norm.kind == CONTRAST) {
    constexpr int IN = norm.kind == WITHIN ? value_box(K) : measured_box(K);
    window_sums<OUT, IN, norm.size, below(K), true>(work, work.memory + offset(IN), apply);
  } else {
    const float* values = work.memory + offset(value_box(K));
    for_each_place<OUT>(
        work, [&](const Place& p) { apply(p, neighbour_sum<K, value_box(K), true, false>(work, values, p)); });
  }
}

// NaN wins, as in torch; of values equally far from zero the later one's sign.
template <int KIND>
FUNCTION float joined(float one, float other) {
  if (KIND == POOL_MAX) return other > one || other != other ? other : one;
  if (KIND == POOL_MAGNITUDE) return fabsf(other) >= fabsf(one) || other != other ? other : one;
  return one + other;
}

// Pixels of the window that lie in the picture, on an axis.
FUNCTION int pixels_inside(const Stage& pool, int window, int side) {
  return window_end(pool, window, side) - window_begin(pool, window);
}

template <int K>
FUNCTION V pooled(const Work& work, const Place& p) {
  constexpr Stage pool = stage(K);
  constexpr int rows = side_of(K, ROWS), columns = side_of(K, COLUMNS);
  const Box<value_box(K)> box(work);
  const float* values = work.memory + offset(value_box(K));
  V value = all(pool.kind == POOL_MAX ? -__int_as_float(0x7f800000) : 0.0f);  // -infinity: no pixel at all
  bool first = true;
  for (int row = window_begin(pool, p.row); row < window_end(pool, p.row, rows); row++)
    for (int column = window_begin(pool, p.column); column < window_end(pool, p.column, columns); column++) {
      V next = load(values + box.at(row, column, p.channel));
      value = lanes([&](int i) {
        return first && picks(K) ? next.lane[i] : joined<pool.kind>(value.lane[i], next.lane[i]);
      });
      first = false;
    }
  if constexpr (pool.kind == POOL_AVERAGE)
    return value * (1.0f / (float)(pixels_inside(pool, p.row, rows) * pixels_inside(pool, p.column, columns)));
  return value;
}

// From level K on: the stages that are not elementwise; for the gradients only as far as somebody needs the values.
template <int K, bool AGAIN>
FUNCTION void run(const Work& work) {
  if constexpr (K < COUNT) {
    constexpr bool needed = !AGAIN || offset(value_box(kept_level(K + 1))) >= 0;
    if constexpr (!is_elementwise(K) && (needed || stage(K).kind == CONTRAST)) __syncthreads();
    if constexpr (stage(K).kind == CONTRAST) measure<K>(work);
    if constexpr (is_pool(K) && needed)
      for_each_place<value_box(K + 1)>(work, [&](const Place& p) {
        emit<K + 1, AGAIN>(work, p, is_inside<K + 1>(p) ? pooled<K>(work, p) : all(0.0f));
      });
    else if constexpr (!is_elementwise(K) && needed)
      for_each_square_sum<K, value_box(K + 1)>(work, [&](const Place& p, const V& sum) {
        emit<K + 1, AGAIN>(work, p, normalised(value_at<K>(work, p), norm_root(sum, stage(K)), stage(K)));
      });
    run<K + 1, AGAIN>(work);
  }
}

// All values of a tile, beginning with x.
template <bool AGAIN>
FUNCTION void make_values(const Work& work) {
  if constexpr (!AGAIN || offset(value_box(kept_level(0))) >= 0) {
    for_each_place<value_box(0)>(work, [&](const Place& p) { emit<0, AGAIN>(work, p, read<0>(work.x, p)); });
    run<0, AGAIN>(work);
  }
}
