// The matrices whose products a layer of filters computes, read where pictures, filters and answers lie.
//
// Letters: n picture, m window of a picture, k = (i, j, c) what a filter sees: row, column and channel, f filter.
// A matrix says where the value of a row at a depth lies, or null where it is a zero. What can be said of a row
// without the depth is found once and kept: its Place. Values are fetched in runs of RUN along the axis on which
// they lie next to each other; where runs are `whole`, all of a run lies in one aligned piece.
#pragma once
#include "device.h"
#include "scalar.h"

#include "filters.h"

constexpr int RUN = 8;

FUNCTION bool whole_runs(const SCALAR* data, int of_group, int of_all) {
  return (size_t)data % 16 == 0 && of_group % RUN == 0 && of_all % RUN == 0;
}

// Which windows, or pixels, of the batch are meant: all of them, or one and the same of every picture.
struct Cells {
  int of_picture, only;  // only: which, or -1 for all

  FUNCTION_MEMBER int count(int64 pictures) const { return (int)(only < 0 ? pictures * of_picture : pictures); }
  FUNCTION_MEMBER int picture(int index) const { return only < 0 ? index / of_picture : index; }
  FUNCTION_MEMBER int cell(int index) const { return only < 0 ? index % of_picture : only; }
  FUNCTION_MEMBER int64 place(int index) const { return only < 0 ? index : (int64)index * of_picture + only; }
};

// Pixel (i, j) of a window and one of the channels, or filters, there.
struct Tap {
  int i, j, channel;

  Tap() = default;
  FUNCTION_MEMBER Tap(const Filtering& shape, int channels, int k) : channel(k % channels) {
    int pixel = k / channels;
    i = pixel / shape.windows.size, j = pixel % shape.windows.size;
  }
};

// ---- The pictures as the filters see them: windows by k, or k by windows

struct Pictures {
  const SCALAR* x;
  Filtering shape;
  int group;
  Cells windows;

  struct Window {
    int64 picture;
    int row, column;
    bool there;
  };

  FUNCTION_MEMBER bool whole() const { return whole_runs(x, group_channels(shape), shape.channels); }
  FUNCTION_MEMBER int depth() const { return filter_pixels(shape) * group_channels(shape); }
  FUNCTION_MEMBER Window window(int index) const {
    int cell = windows.cell(index), outputs = shape.windows.outputs;
    return {(int64)windows.picture(index) * pixels(shape) * shape.channels, window_start(shape, cell / outputs),
            window_start(shape, cell % outputs), index < windows.count(shape.images)};
  }
  FUNCTION_MEMBER Tap tap(int k) const { return Tap(shape, group_channels(shape), k); }
  FUNCTION_MEMBER const SCALAR* value(const Window& window, const Tap& tap) const {
    int row = window.row + tap.i, column = window.column + tap.j;
    if (!window.there || row < 0 || row >= shape.side || column < 0 || column >= shape.side) return nullptr;
    int64 pixel = (int64)(row * shape.side + column) * shape.channels;
    return x + window.picture + pixel + group * group_channels(shape) + tap.channel;
  }
};

struct WindowsByTaps : Pictures {
  using Place = Window;
  static constexpr bool ALONG_DEPTH = true;
  FUNCTION_MEMBER Place place(int row) const { return window(row); }
  FUNCTION_MEMBER const SCALAR* at(const Place& place, int k) const { return value(place, tap(k)); }
};

struct TapsByWindows : Pictures {
  struct Place {
    Tap tap;
    bool there;
  };
  static constexpr bool ALONG_DEPTH = false;
  FUNCTION_MEMBER Place place(int row) const { return {tap(row), row < depth()}; }
  FUNCTION_MEMBER const SCALAR* at(const Place& place, int index) const {
    return place.there ? value(window(index), place.tap) : nullptr;
  }
};

// ---- The filters: f by k, or channels by (i, j, f)

struct Filters {
  const SCALAR* weights;  // a convolution's (F, k, k, C); with a position (M * M, F, C, k, k)
  Filtering shape;
  int group;
  bool local;

  FUNCTION_MEMBER bool whole() const { return !local && whole_runs(weights, group_channels(shape), RUN); }
  FUNCTION_MEMBER const SCALAR* value(int position, int filter, const Tap& tap, int channel) const {
    int channels = group_channels(shape), size = filter_pixels(shape), pixel = tap.i * shape.windows.size + tap.j;
    int64 index = group * group_filters(shape) + filter;
    if (!local) return weights + (index * size + pixel) * channels + channel;
    return weights + (((int64)position * shape.filters + index) * channels + channel) * size + pixel;
  }
};

struct FiltersByTaps : Filters {
  int position;

  using Place = int;
  static constexpr bool ALONG_DEPTH = true;
  FUNCTION_MEMBER Place place(int row) const { return row; }
  FUNCTION_MEMBER const SCALAR* at(Place filter, int k) const {
    Tap tap(shape, group_channels(shape), k);
    return filter < group_filters(shape) ? value(position, filter, tap, tap.channel) : nullptr;
  }
};

// Of local filters those of the window that sees pixel `row`, `column` at (i, j).
struct ChannelsByFilters : Filters {
  int row, column;

  using Place = int;
  static constexpr bool ALONG_DEPTH = false;
  FUNCTION_MEMBER Place place(int row) const { return row; }
  FUNCTION_MEMBER const SCALAR* at(Place channel, int depth) const {
    Tap tap(shape, group_filters(shape), depth);
    int position = local ? window_seeing(shape, row, column, tap.i, tap.j) : 0;
    return channel < group_channels(shape) && position >= 0 ? value(position, tap.channel, tap, channel) : nullptr;
  }
};

// ---- What the windows answered, or the gradient there: pixels by (i, j, f), or filters by windows

struct Answers {
  const SCALAR* g;
  Filtering shape;
  int group;
  Cells cells;

  FUNCTION_MEMBER bool whole() const { return whole_runs(g, group_filters(shape), shape.filters); }
  FUNCTION_MEMBER const SCALAR* value(int64 window, int filter) const {
    return g + window * shape.filters + group * group_filters(shape) + filter;
  }
};

struct PixelsByAnswers : Answers {
  struct Place {
    int64 picture;
    int row, column;
    bool there;
  };
  static constexpr bool ALONG_DEPTH = true;
  FUNCTION_MEMBER Place place(int index) const {
    int pixel = cells.cell(index);
    return {(int64)cells.picture(index) * positions(shape), pixel / shape.side, pixel % shape.side,
            index < cells.count(shape.images)};
  }
  FUNCTION_MEMBER const SCALAR* at(const Place& place, int depth) const {
    Tap tap(shape, group_filters(shape), depth);
    int window = window_seeing(shape, place.row, place.column, tap.i, tap.j);
    return place.there && window >= 0 ? value(place.picture + window, tap.channel) : nullptr;
  }
};

struct FiltersByWindows : Answers {
  using Place = int;
  static constexpr bool ALONG_DEPTH = false;
  FUNCTION_MEMBER Place place(int row) const { return row; }
  FUNCTION_MEMBER const SCALAR* at(Place filter, int index) const {
    return filter < group_filters(shape) ? value(cells.place(index), filter) : nullptr;
  }
};

// Values row ... row + RUN - 1 at one depth, or of one row at depth ... depth + RUN - 1; zeros from `end` on.
template <class Matrix>
FUNCTION void fetch(const Matrix& matrix, const typename Matrix::Place& place, int row, int depth, int end, bool whole,
                    SCALAR* run) {
  if (whole) {
    const SCALAR* from = depth < end ? matrix.at(place, depth) : nullptr;
#pragma unroll
    for (int piece = 0; piece < RUN * (int)sizeof(SCALAR) / 16; piece++)
      reinterpret_cast<uint4*>(run)[piece] = from ? reinterpret_cast<const uint4*>(from)[piece] : uint4{0, 0, 0, 0};
    return;
  }
#pragma unroll 1
  for (int i = 0; i < RUN; i++) {
    int at = Matrix::ALONG_DEPTH ? depth + i : depth;
    const SCALAR* from = at >= end ? nullptr : Matrix::ALONG_DEPTH || i == 0 ? matrix.at(place, at)
                                                                             : matrix.at(matrix.place(row + i), at);
#pragma unroll
    for (int k = 1; k < RUN; k++) run[k - 1] = run[k];  // each value comes in at the end: registers have no numbers
    run[RUN - 1] = from ? *from : as_scalar(0.0f);
  }
}
