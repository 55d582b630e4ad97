// One chain, shape and tiling, as chain.cu is compiled for it: stages, boxes of places, and how a place is read and
// written.
#pragma once
#include "lanes.h"

#include "arithmetic.h"

#ifndef STAGES  // some chain, to show what is given: relu, 2x2 pixels of four channels in one tile
#define STAGES {{RELU, 0, 0, 0, 0, 0.0f, 0.0f, 0.0f}}
#define COUNT 1
#define CHANNELS 4
#define ROWS 2
#define COLUMNS 2
#define THREADS 32
#define EXTENTS {{2, 2, 4}, {2, 2, 4}, {0, 0, 0}, {2, 2, 4}, {2, 2, 4}}
#define ROW_ORIGINS {{0, 0, 0, 0, 0}}
#define COLUMN_ORIGINS {{0, 0, 0, 0, 0}}
#define CHANNEL_ORIGINS {{0, 0, 0, 0, 0}}
#define TILES {1, 1, 1}
#define OFFSETS {-1, -1, -1}
#define GRADIENT_OFFSETS {0, 16}
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
  int row, column, channel;  // the first of four channels
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
  static constexpr int GROUPS = CHANNELS_ / LANES;
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
  for (int i = threadIdx.x; i < B::ROWS_ * B::COLUMNS_ * B::GROUPS; i += THREADS) {
    int pixel = i / B::GROUPS, channel = box.channel + i % B::GROUPS * LANES;
    apply(Place{box.row + pixel / B::COLUMNS_, box.column + pixel % B::COLUMNS_, channel});
  }
}

template <int LEVEL>
FUNCTION bool is_inside(const Place& p) {
  constexpr int rows = side_of(LEVEL, ROWS), columns = side_of(LEVEL, COLUMNS);
  return p.row >= 0 && p.row < rows && p.column >= 0 && p.column < columns && p.channel >= 0 &&
         p.channel < CHANNELS;
}

constexpr bool WHOLE = CHANNELS % LANES == 0;  // no place is partly beyond the last channel

// `value`, and 0 beyond the picture.
template <int LEVEL>
FUNCTION V cut(const Place& p, const V& value) {
  bool inside = is_inside<LEVEL>(p);
  return lanes([&](int i) { return inside && (WHOLE || p.channel + i < CHANNELS) ? value.lane[i] : 0.0f; });
}

// Where a place of a level lies in a picture.
template <int LEVEL>
FUNCTION int in_picture(const Place& p) {
  return (p.row * side_of(LEVEL, COLUMNS) + p.column) * CHANNELS + p.channel;
}

// What a picture has in a place of a level; 0 beyond it.
template <int LEVEL, class T>
FUNCTION V read(const T* picture, const Place& p) {
  if (!is_inside<LEVEL>(p)) return all(0.0f);
  return load_part<WHOLE>(picture + in_picture<LEVEL>(p), CHANNELS - p.channel);
}

template <int LEVEL>
FUNCTION void write(SCALAR* picture, const Place& p, const V& value) {
  if (is_inside<LEVEL>(p)) store_part<WHOLE>(picture + in_picture<LEVEL>(p), value, CHANNELS - p.channel);
}
