// Chains of small layers (bias, relu, normalisation, pooling, dropout) on the GPU, forward and backward.
//
// Pictures are (N, H, W, C). A block takes a tile of the result, some pixels and some channels, and computes all
// that the tile depends on, stage by stage, in shared memory: what lies between two stages never travels to
// memory. Forward the tile is one of y. Backward it is one of dx: the values are made again from x, by the
// same functions and so to the bit, as ties are found by equality; then the gradients go back through the
// stages. Every place gathers what is sent to it, so no sum depends on the order in which threads run.
//
// The source is compiled for one chain, shape and tiling at a time (tiles.py), which knows of every stage the box of
// places that a tile needs: boxes may reach beyond the picture, where all values are 0. Elementwise stages are
// done where a value is made, on its way to shared memory or to the result.
#include "device.h"
#include "scalar.h"

#include "arithmetic.h"

#ifndef STAGES  // some chain, to show what is given: relu, 2x2 pixels of one channel in one tile
#define STAGES {{RELU, 0, 0, 0, 0, 0.0f, 0.0f, 0.0f}}
#define COUNT 1
#define CHANNELS 1
#define ROWS 2
#define COLUMNS 2
#define THREADS 32
#define EXTENTS {{2, 2, 1}, {2, 2, 1}, {0, 0, 0}, {2, 2, 1}, {2, 2, 1}}
#define ROW_ORIGINS {{0, 0, 0, 0, 0}}
#define COLUMN_ORIGINS {{0, 0, 0, 0, 0}}
#define CHANNEL_ORIGINS {{0, 0, 0, 0, 0}}
#define TILES {1, 1, 1}
#define OFFSETS {-1, -1, -1}
#define GRADIENT_OFFSETS {0, 4}
#endif

// ---- What is known when this is compiled. Level k lies before stage k, level COUNT is the result.

FUNCTION constexpr Stage stage(int k) {
  constexpr Stage all[] = STAGES;
  return all[k];
}
FUNCTION constexpr bool is_pool(int k) { return stage(k).kind >= POOL_MAX && stage(k).kind <= POOL_MAGNITUDE; }
FUNCTION constexpr bool is_elementwise(int k) {
  return stage(k).kind == BIAS || stage(k).kind == RELU || stage(k).kind == DROPOUT;
}
FUNCTION constexpr bool picks(int k) { return stage(k).kind == POOL_MAX || stage(k).kind == POOL_MAGNITUDE; }
FUNCTION constexpr int side_of(int level, int side) {
  for (int k = 0; k < level; k++) side = is_pool(k) ? stage(k).outputs : side;
  return side;
}
FUNCTION constexpr int below(int k) { return stage(k).size / 2; }
FUNCTION constexpr int above(int k) { return stage(k).size - 1 - stage(k).size / 2; }

// Boxes of places: values at a level; what a contrast norm measures; gradients at a level.
constexpr int BOXES = 3 * COUNT + 2, START = stage(0).kind == BIAS;
FUNCTION constexpr int value_box(int level) { return level; }
FUNCTION constexpr int measured_box(int k) { return COUNT + 1 + k; }
FUNCTION constexpr int gradient_box(int level) { return 2 * COUNT + 1 + level; }

FUNCTION constexpr int extent(int box, int axis) {
  constexpr int all[BOXES][3] = EXTENTS;
  return all[box][axis];
}
FUNCTION constexpr int tiles(int axis) {
  constexpr int all[] = TILES;
  return all[axis];
}
// Where values, or what is measured, begin in shared memory; -1: nowhere, nobody needs them.
FUNCTION constexpr int offset(int box) {
  constexpr int all[] = OFFSETS;
  return all[box];
}
FUNCTION constexpr int gradient_offset(int which) {
  constexpr int all[] = GRADIENT_OFFSETS;
  return all[which];
}
// Gradients change buffers at every pool alone; until the next one they stay where they are.
FUNCTION constexpr int buffer(int level) {
  int pools = 0;
  for (int k = level; k < COUNT; k++) pools += is_pool(k);
  return pools % 2;
}
FUNCTION constexpr int layout(int level) {
  while (level < COUNT && !is_pool(level)) level++;
  return gradient_box(level);
}

__constant__ int row_origins[][BOXES] = ROW_ORIGINS;
__constant__ int column_origins[][BOXES] = COLUMN_ORIGINS;
__constant__ int channel_origins[][BOXES] = CHANNEL_ORIGINS;

struct Place {
  int row, column, channel;
};

struct Work {
  const SCALAR *x, *g;  // of one picture, as all that follows
  const float *bias, *uniform;
  SCALAR *y, *dx;
  float* memory;
  int row_tile, column_tile, channel_tile;
};

template <int BOX>
struct Box {
  static constexpr int ROWS_ = extent(BOX, 0), COLUMNS_ = extent(BOX, 1), CHANNELS_ = extent(BOX, 2);
  int row, column, channel;

  FUNCTION_MEMBER Box(const Work& work)
      : row(row_origins[work.row_tile][BOX]), column(column_origins[work.column_tile][BOX]),
        channel(channel_origins[work.channel_tile][BOX]) {}
  FUNCTION_MEMBER int at(int r, int c, int ch) const {
    return ((r - row) * COLUMNS_ + (c - column)) * CHANNELS_ + (ch - channel);
  }
  FUNCTION_MEMBER int at(const Place& place) const { return at(place.row, place.column, place.channel); }
};

template <int BOX, class Apply>
FUNCTION void for_each_place(const Work& work, const Apply& apply) {
  using B = Box<BOX>;
  const B box(work);
  for (int i = threadIdx.x; i < B::ROWS_ * B::COLUMNS_ * B::CHANNELS_; i += THREADS) {
    int pixel = i / B::CHANNELS_;
    apply(Place{box.row + pixel / B::COLUMNS_, box.column + pixel % B::COLUMNS_, box.channel + i % B::CHANNELS_});
  }
}

template <int LEVEL>
FUNCTION bool is_inside(const Place& p) {
  constexpr int rows = side_of(LEVEL, ROWS), columns = side_of(LEVEL, COLUMNS);
  return p.row >= 0 && p.row < rows && p.column >= 0 && p.column < columns && p.channel >= 0 &&
         p.channel < CHANNELS;
}

// Where a place of a level lies in a picture.
template <int LEVEL>
FUNCTION int in_picture(const Place& p) {
  return (p.row * side_of(LEVEL, COLUMNS) + p.column) * CHANNELS + p.channel;
}

// ---- Values

// The elementwise stages. A negative zero stays as it is, NaN stays NaN.
template <int K>
FUNCTION float elementwise(const Work& work, const Place& p, float value) {
  if constexpr (stage(K).kind == BIAS) return value + work.bias[p.channel];
  if constexpr (stage(K).kind == RELU) return value < 0.0f ? 0.0f : value;
  if constexpr (stage(K).kind == DROPOUT)
    return value * (work.uniform[in_picture<K>(p)] < stage(K).constant ? stage(K).alpha : 0.0f);
  return value;
}

// Takes a value of level K through the elementwise stages that follow, to shared memory or to the result. Made
// again for the gradients, all values stay in shared memory, the last ones as dropout finds them.
template <int K, bool AGAIN>
FUNCTION void emit(const Work& work, const Place& p, float value) {
  bool inside = is_inside<K>(p);
  if constexpr (K < COUNT && is_elementwise(K) && !(AGAIN && stage(K).kind == DROPOUT)) {
    emit<K + 1, AGAIN>(work, p, inside ? elementwise<K>(work, p, value) : 0.0f);
  } else if constexpr (K == COUNT && !AGAIN) {
    if (inside) work.y[in_picture<K>(p)] = as_scalar(value);
  } else if constexpr (offset(value_box(K)) >= 0) {
    work.memory[offset(value_box(K)) + Box<value_box(K)>(work).at(p)] = inside ? value : 0.0f;
  }
}

template <int K>
FUNCTION float value_at(const Work& work, const Place& p) {
  return work.memory[offset(value_box(K)) + Box<value_box(K)>(work).at(p)];
}

// The level at which a value of level K is kept, having gone through elementwise stages.
FUNCTION constexpr int kept_level(int level) {
  while (level < COUNT && is_elementwise(level) && stage(level).kind != DROPOUT) level++;
  return level;
}

// Sums over neighbouring maps of what `from` holds in the places of BOX: of squares for D, of shares going back.
template <int K, int BOX, bool SQUARED, bool TRANSPOSED>
FUNCTION float sum_across(const Work& work, const float* from, const Place& p) {
  constexpr Stage norm = stage(K);
  const Box<BOX> box(work);
  constexpr int reach = TRANSPOSED ? above(K) : below(K);
  int first = norm.kind == BLOCKED ? p.channel - (p.channel % norm.size + norm.size) % norm.size : p.channel - reach;
  float sum = 0.0f;
#pragma unroll 8
  for (int i = 0; i < norm.size; i++) {
    float value = from[box.at(p.row, p.column, first + i)];
    sum = SQUARED ? __fmaf_rn(value, value, sum) : sum + value;
  }
  return sum;
}

// Sums over the window of each place of OUT, of what `from` holds in the places of IN: handed to apply(place, sum).
// A thread goes down a column of places and keeps the sums of the last lines.
template <int OUT, int IN, int SIZE, int BEFORE, bool SQUARED, class Apply>
FUNCTION void window_sums(const Work& work, const float* from, const Apply& apply) {
  using B = Box<OUT>;
  const B out(work);
  const Box<IN> in(work);
  for (int i = threadIdx.x; i < B::COLUMNS_ * B::CHANNELS_; i += THREADS) {
    int column = out.column + i / B::CHANNELS_, channel = out.channel + i % B::CHANNELS_;
    float lines[SIZE];
    for (int step = 0; step < B::ROWS_ + SIZE - 1; step++) {
#pragma unroll
      for (int line = 0; line + 1 < SIZE; line++) lines[line] = lines[line + 1];
      const float* at = from + in.at(out.row - BEFORE + step, column - BEFORE, channel);
      float line_sum = 0.0f;
#pragma unroll
      for (int shift = 0; shift < SIZE; shift++) {
        float value = at[shift * Box<IN>::CHANNELS_];
        line_sum = SQUARED ? __fmaf_rn(value, value, line_sum) : line_sum + value;
      }
      lines[SIZE - 1] = line_sum;
      if (step < SIZE - 1) continue;
      float sum = 0.0f;
#pragma unroll
      for (int line = 0; line < SIZE; line++) sum += lines[line];
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
      work, work.memory + offset(value_box(K)), [&](const Place& p, float sum) {
        constexpr int rows = side_of(K, ROWS), columns = side_of(K, COLUMNS);
        float distance = 0.0f;
        if (is_inside<K>(p)) {
          int high = min(rows, p.row + above(K) + 1) - max(0, p.row - below(K));
          int wide = min(columns, p.column + above(K) + 1) - max(0, p.column - below(K));
          distance = value_at<K>(work, p) - sum / (float)(high * wide);
        }
        measured[Box<OUT>(work).at(p)] = distance;
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
        work, [&](const Place& p) { apply(p, sum_across<K, value_box(K), true, false>(work, values, p)); });
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
FUNCTION float pooled(const Work& work, const Place& p) {
  constexpr Stage pool = stage(K);
  constexpr int rows = side_of(K, ROWS), columns = side_of(K, COLUMNS);
  const Box<value_box(K)> box(work);
  const float* values = work.memory + offset(value_box(K));
  float value = pool.kind == POOL_MAX ? -__int_as_float(0x7f800000) : 0.0f;  // -infinity: no pixel at all
  bool first = true;
  for (int row = window_begin(pool, p.row); row < window_end(pool, p.row, rows); row++)
    for (int column = window_begin(pool, p.column); column < window_end(pool, p.column, columns); column++) {
      float next = values[box.at(row, column, p.channel)];
      value = first && picks(K) ? next : joined<pool.kind>(value, next);
      first = false;
    }
  if (pool.kind == POOL_AVERAGE)
    value *= 1.0f / (float)(pixels_inside(pool, p.row, rows) * pixels_inside(pool, p.column, columns));
  return value;
}

// From level K on: the stages that are not elementwise; for the gradients only as far as somebody needs the values.
template <int K, bool AGAIN>
FUNCTION void run(const Work& work) {
  if constexpr (K < COUNT) {
    constexpr bool needed = !AGAIN || offset(value_box(kept_level(K + 1))) >= 0;
    if constexpr (!is_elementwise(K) && (needed || (AGAIN && stage(K).kind == CONTRAST))) __syncthreads();
    if constexpr (stage(K).kind == CONTRAST) measure<K>(work);
    if constexpr (!is_elementwise(K) && needed) {
      if constexpr (is_pool(K)) {
        for_each_place<value_box(K + 1)>(work, [&](const Place& p) {
          emit<K + 1, AGAIN>(work, p, is_inside<K + 1>(p) ? pooled<K>(work, p) : 0.0f);
        });
      } else {
        for_each_square_sum<K, value_box(K + 1)>(work, [&](const Place& p, float sum) {
          emit<K + 1, AGAIN>(work, p, normalised(value_at<K>(work, p), sum, stage(K)));
        });
      }
    }
    run<K + 1, AGAIN>(work);
  }
}

// All values of a tile, beginning with x.
template <bool AGAIN>
FUNCTION void make_values(const Work& work) {
  if constexpr (!AGAIN || offset(value_box(kept_level(0))) >= 0) {
    for_each_place<value_box(0)>(work, [&](const Place& p) {
      emit<0, AGAIN>(work, p, is_inside<0>(p) ? as_float(work.x[in_picture<0>(p)]) : 0.0f);
    });
    run<0, AGAIN>(work);
  }
}

// ---- Gradients

// The value of level K, which is kept, or where no stage needs its neighbours made again from x.
template <int K, int FROM = 0>
FUNCTION float value_or_made(const Work& work, const Place& p, float value) {
  if constexpr (offset(value_box(kept_level(K))) >= 0)
    return value_at<kept_level(K)>(work, p);
  else if constexpr (FROM < K)
    return value_or_made<K, FROM + 1>(work, p, elementwise<FROM>(work, p, value));
  else
    return value;
}

// Takes a gradient at level K back through the elementwise stages before it, to shared memory or to the result.
template <int K>
FUNCTION void emit_gradient(const Work& work, const Place& p, float g) {
  bool inside = is_inside<K>(p);
  if constexpr (K > START && stage(K - (K > 0)).kind == RELU) {
    bool passes = inside && value_or_made<K>(work, p, inside ? as_float(work.x[in_picture<K>(p)]) : 0.0f) > 0.0f;
    emit_gradient<K - 1>(work, p, passes ? g : 0.0f);
  } else if constexpr (K > START && stage(K - (K > 0)).kind == DROPOUT) {
    emit_gradient<K - 1>(work, p, inside ? elementwise<K - 1>(work, p, g) : 0.0f);
  } else {
    if constexpr (K == START)
      if (inside) work.dx[in_picture<K>(p)] = as_scalar(g);
    if constexpr (K > START || START > 0)  // the biases' gradients are summed up from there
      work.memory[gradient_offset(buffer(K)) + Box<layout(K)>(work).at(p)] = inside ? g : 0.0f;
  }
}

template <int K>
FUNCTION void pool_gradient(const Work& work) {
  constexpr Stage pool = stage(K);
  const float* gradients = work.memory + gradient_offset(buffer(K + 1));
  for_each_place<gradient_box(K)>(work, [&](const Place& p) {
    const Box<layout(K + 1)> box(work);
    float sum = 0.0f;
    bool inside = is_inside<K>(p);
    float here = picks(K) && inside ? value_at<kept_level(K)>(work, p) : 0.0f;
    for (int row = first_window(pool, p.row); inside && row <= last_window(pool, p.row); row++)
      for (int column = first_window(pool, p.column); column <= last_window(pool, p.column); column++) {
        Place window{row, column, p.channel};
        float sent = gradients[box.at(window)];
        if constexpr (picks(K)) sent = here == value_at<kept_level(K + 1)>(work, window) ? sent : 0.0f;
        if (pool.kind == POOL_AVERAGE)
          sent *= 1.0f / (float)(pixels_inside(pool, row, side_of(K, ROWS)) *
                                 pixels_inside(pool, column, side_of(K, COLUMNS)));
        sum += sent;
      }
    emit_gradient<K>(work, p, sum);
  });
}

template <int K>
FUNCTION void norm_gradients(const Work& work) {
  constexpr Stage norm = stage(K);
  constexpr int LAYOUT = layout(K + 1), MEASURED = norm.kind == CONTRAST ? measured_box(K) : value_box(K);
  float* gradients = work.memory + gradient_offset(buffer(K + 1));
  float* shares = work.memory + gradient_offset(1 - buffer(K + 1));
  for_each_square_sum<K, gradient_box(K + 1)>(work, [&](const Place& p, float sum) {
    int at = Box<LAYOUT>(work).at(p);
    float direct = 0.0f, share = 0.0f;
    if (is_inside<K>(p)) norm_parts(gradients[at], value_at<K>(work, p), sum, norm, direct, share);
    gradients[at] = direct;
    shares[at] = share;
  });
  __syncthreads();
  auto finish = [&](const Place& p, float sum) {
    float measured = work.memory[offset(MEASURED) + Box<MEASURED>(work).at(p)];
    emit_gradient<K>(work, p, norm_gradient(gradients[Box<LAYOUT>(work).at(p)], measured, sum, norm));
  };
  if constexpr (norm.kind == WITHIN || norm.kind == CONTRAST)
    window_sums<gradient_box(K), LAYOUT, norm.size, above(K), false>(work, shares, finish);
  else
    for_each_place<gradient_box(K)>(
        work, [&](const Place& p) { finish(p, sum_across<K, LAYOUT, false, true>(work, shares, p)); });
}

// Stage K - 1 and those before it, where the gradients at level K lie in shared memory.
template <int K>
FUNCTION void run_back(const Work& work) {
  if constexpr (K > 0) {
    if constexpr (!is_elementwise(K - 1)) {
      __syncthreads();
      if constexpr (is_pool(K - 1))
        pool_gradient<K - 1>(work);
      else
        norm_gradients<K - 1>(work);
    }
    run_back<K - 1>(work);
  }
}

// ---- What is launched: blockIdx.x is the tile, blockIdx.y the first of the pictures that a block works on.

FUNCTION void choose_tile(Work& work) {
  int tile = blockIdx.x;
  work.channel_tile = tile % tiles(2);
  work.column_tile = tile / tiles(2) % tiles(1);
  work.row_tile = tile / tiles(2) / tiles(1);
}

constexpr int64 PICTURE = (int64)ROWS * COLUMNS * CHANNELS;
constexpr int64 RESULT = (int64)side_of(COUNT, ROWS) * side_of(COUNT, COLUMNS) * CHANNELS;

#if !defined(BACKWARD) || !BACKWARD
// x (N, H, W, C) -> y; `bias` (C) and `uniform` (as y) where there are such stages.
extern "C" __global__ void __launch_bounds__(THREADS)
    chain_forward(const SCALAR* x, const float* bias, const float* uniform, SCALAR* y, int64 pictures) {
  DYNAMIC_SHARED(float, memory);
  Work work{};
  work.bias = bias, work.memory = memory;
  choose_tile(work);
  for (int64 n = blockIdx.y; n < pictures; n += gridDim.y) {
    work.x = x + n * PICTURE, work.y = y + n * RESULT;
    work.uniform = uniform ? uniform + n * RESULT : nullptr;
    make_values<false>(work);
    __syncthreads();
  }
}

#endif
#if !defined(BACKWARD) || BACKWARD
// g as y, x as above -> dx as x; and sums of it over a part of the pixels for the biases, row after row of C: part p
// of tile t (rows and columns) of picture group b is row (b * tiles + t) * parts + p.
extern "C" __global__ void __launch_bounds__(THREADS)
    chain_backward(const SCALAR* g, const SCALAR* x, const float* bias, const float* uniform, SCALAR* dx, float* sums,
                   int64 pictures) {
  DYNAMIC_SHARED(float, memory);
  using Tile = Box<gradient_box(START)>;
  constexpr int PARTS = THREADS / Tile::CHANNELS_;
  Work work{};
  work.bias = bias, work.memory = memory;
  choose_tile(work);
  const int part = threadIdx.x / Tile::CHANNELS_, channel = threadIdx.x % Tile::CHANNELS_;
  float total = 0.0f;
  for (int64 n = blockIdx.y; n < pictures; n += gridDim.y) {
    work.x = x + n * PICTURE, work.dx = dx + n * PICTURE, work.g = g + n * RESULT;
    work.uniform = uniform ? uniform + n * RESULT : nullptr;
    make_values<true>(work);
    __syncthreads();
    for_each_place<gradient_box(COUNT)>(work, [&](const Place& p) {
      emit_gradient<COUNT>(work, p, is_inside<COUNT>(p) ? as_float(work.g[in_picture<COUNT>(p)]) : 0.0f);
    });
    run_back<COUNT>(work);
    __syncthreads();
    if constexpr (START > 0) {
      if (part >= PARTS) continue;
      const Tile tile(work);
      const Box<layout(START)> box(work);
      for (int pixel = part; pixel < Tile::ROWS_ * Tile::COLUMNS_; pixel += PARTS)
        total += memory[gradient_offset(buffer(START)) + box.at(tile.row + pixel / Tile::COLUMNS_,
                                                               tile.column + pixel % Tile::COLUMNS_,
                                                               tile.channel + channel)];
    }
  }
  if constexpr (START > 0) {
    const Tile tile(work);
    int64 row = ((int64)blockIdx.y * (tiles(0) * tiles(1)) + blockIdx.x / tiles(2)) * PARTS + part;
    if (part < PARTS && tile.channel + channel < CHANNELS) sums[row * CHANNELS + tile.channel + channel] = total;
  }
}
#endif
