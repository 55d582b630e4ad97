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
// done where a value is made, on its way to shared memory or to the result. A thread works on four channels at a
// time, so boxes begin and end at multiples of four.
#include "chain_values.h"

// ---- Gradients

// Values of level K: they are kept; or made again from x, where none but elementwise stages lie between.
template <int K, int FROM = 0>
FUNCTION V value_or_made(const Work& work, const Place& p, const V& value) {
  if constexpr (offset(value_box(kept_level(K))) >= 0)
    return value_at<kept_level(K)>(work, p);
  else if constexpr (FROM < K)
    return value_or_made<K, FROM + 1>(work, p, elementwise<FROM>(work, p, value));
  else
    return value;
}

// Takes gradients at level K back through the elementwise stages before it, to shared memory or to the result.
template <int K>
FUNCTION void emit_gradient(const Work& work, const Place& p, const V& g) {
  if constexpr (K > START && stage(K - (K > 0)).kind == RELU) {
    if (is_inside<K>(p)) {
      V value = value_or_made<K>(work, p, read<K>(work.x, p));
      emit_gradient<K - 1>(work, p, lanes([&](int i) { return value.lane[i] > 0.0f ? g.lane[i] : 0.0f; }));
    } else {
      emit_gradient<K - 1>(work, p, all(0.0f));
    }
  } else if constexpr (K > START && stage(K - (K > 0)).kind == DROPOUT) {
    emit_gradient<K - 1>(work, p, is_inside<K>(p) ? elementwise<K - 1>(work, p, g) : g);
  } else {
    if constexpr (K == START) write<K>(work.dx, p, g);
    if constexpr (K > START || START > 0)  // the biases' gradients are summed up from there
      store(work.memory + gradient_offset(buffer(K)) + Box<layout(K)>(work).at(p), cut<K>(p, g));
  }
}

template <int K>
FUNCTION V gathered(const Work& work, const Place& p) {
  constexpr Stage pool = stage(K);
  const Box<layout(K + 1)> box(work);
  const float* gradients = work.memory + gradient_offset(buffer(K + 1));
  V here = all(0.0f), sum = here;
  if constexpr (picks(K)) here = value_at<kept_level(K)>(work, p);
  for (int row = first_window(pool, p.row); row <= last_window(pool, p.row); row++)
    for (int column = first_window(pool, p.column); column <= last_window(pool, p.column); column++) {
      Place window{row, column, p.channel};
      V sent = load(gradients + box.at(window));
      if constexpr (picks(K)) {
        V picked = value_at<kept_level(K + 1)>(work, window);
        sent = lanes([&](int i) { return here.lane[i] == picked.lane[i] ? sent.lane[i] : 0.0f; });
      }
      if constexpr (pool.kind == POOL_AVERAGE)
        sent = sent * (1.0f / (float)(pixels_inside(pool, row, side_of(K, ROWS)) *
                                      pixels_inside(pool, column, side_of(K, COLUMNS))));
      sum = sum + sent;
    }
  return sum;
}

template <int K>
FUNCTION void norm_gradients(const Work& work) {
  constexpr Stage norm = stage(K);
  constexpr int LAYOUT = layout(K + 1), MEASURED = norm.kind == CONTRAST ? measured_box(K) : value_box(K);
  float* gradients = work.memory + gradient_offset(buffer(K + 1));
  float* shares = work.memory + gradient_offset(1 - buffer(K + 1));
  for_each_square_sum<K, gradient_box(K + 1)>(work, [&](const Place& p, const V& sum) {
    int at = Box<LAYOUT>(work).at(p);
    V direct = all(0.0f), share = direct;
    if (is_inside<K>(p))
      norm_parts(load(gradients + at), value_at<K>(work, p), norm_root(sum, norm), norm, direct, share);
    store(gradients + at, cut<K>(p, direct));
    store(shares + at, cut<K>(p, share));
  });
  __syncthreads();
  auto finish = [&](const Place& p, const V& sum) {
    V measured = load(work.memory + offset(MEASURED) + Box<MEASURED>(work).at(p));
    emit_gradient<K>(work, p, norm_gradient(load(gradients + Box<LAYOUT>(work).at(p)), measured, sum, norm));
  };
  if constexpr (norm.kind == WITHIN || norm.kind == CONTRAST)
    window_sums<gradient_box(K), LAYOUT, norm.size, above(K), false>(work, shares, finish);
  else
    for_each_place<gradient_box(K)>(
        work, [&](const Place& p) { finish(p, neighbour_sum<K, LAYOUT, false, true>(work, shares, p)); });
}

// Stage K - 1 and those before it, where the gradients at level K lie in shared memory.
template <int K>
FUNCTION void run_back(const Work& work) {
  if constexpr (K > 0) {
    if constexpr (!is_elementwise(K - 1)) __syncthreads();
    if constexpr (is_pool(K - 1))
      for_each_place<gradient_box(K - 1)>(work, [&](const Place& p) {
        emit_gradient<K - 1>(work, p, is_inside<K - 1>(p) ? gathered<K - 1>(work, p) : all(0.0f));
      });
    else if constexpr (!is_elementwise(K - 1))
      norm_gradients<K - 1>(work);
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
  DYNAMIC_SHARED(V, shared);
  Work work{};
  work.bias = bias, work.memory = &shared[0].lane[0];
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
  DYNAMIC_SHARED(V, shared);
  using Tile = Box<gradient_box(START)>;
  constexpr int PARTS = THREADS / Tile::CHANNELS_;
  Work work{};
  work.bias = bias, work.memory = &shared[0].lane[0];
  choose_tile(work);
  const int part = threadIdx.x / Tile::CHANNELS_, channel = threadIdx.x % Tile::CHANNELS_;
  float total = 0.0f;
  for (int64 n = blockIdx.y; n < pictures; n += gridDim.y) {
    work.x = x + n * PICTURE, work.dx = dx + n * PICTURE, work.g = g + n * RESULT;
    work.uniform = uniform ? uniform + n * RESULT : nullptr;
    make_values<true>(work);
    __syncthreads();
    for_each_place<gradient_box(COUNT)>(
        work, [&](const Place& p) { emit_gradient<COUNT>(work, p, read<COUNT>(work.g, p)); });
    run_back<COUNT>(work);
    __syncthreads();
    if constexpr (START > 0) {
      if (part >= PARTS) continue;
      const Tile tile(work);
      const Box<layout(START)> box(work);
      for (int pixel = part; pixel < Tile::ROWS_ * Tile::COLUMNS_; pixel += PARTS)
        total += work.memory[gradient_offset(buffer(START)) + box.at(tile.row + pixel / Tile::COLUMNS_,
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
