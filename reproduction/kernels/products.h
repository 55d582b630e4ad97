// A layer of filters as three products of matrices, after `multiply` has come from tile.h or tensor_tile.h.
//
// In 2012 they were called filterActs, imgActs and weightActs. With `local` filters, each slice of the grid is one
// position (or one pixel) of all pictures; a convolution takes all of them as one.
#pragma once

// y[n, m, f] = sum over k of x[n, window m at k] W[f, k].
FUNCTION void filter_answers(const SCALAR* x, const SCALAR* weights, SCALAR* y, const Filtering& shape, bool local) {
  Cells all{positions(shape), -1};
  Tile tile(local ? (int)shape.images : all.count(shape.images), group_filters(shape), shape.groups);
  Cells windows{all.of_picture, local ? tile.slice : -1};
  WindowsByTaps seen{{x, shape, tile.group, windows}};
  FiltersByTaps filters{{weights, shape, tile.group, local}, tile.slice};
  multiply(seen, filters, tile, 0, seen.depth(), [&](int row, int column, float sum) {
    y[windows.place(row) * shape.filters + tile.group * tile.columns + column] = as_scalar(sum);
  });
}

// dx[n, pixel, c] = sum over i, j, f of g[n, the window that sees the pixel at (i, j), f] W[f, i, j, c].
FUNCTION void image_gradient(const SCALAR* g, const SCALAR* weights, SCALAR* dx, const Filtering& shape, bool local) {
  Cells all{pixels(shape), -1};
  Tile tile(local ? (int)shape.images : all.count(shape.images), group_channels(shape), shape.groups);
  Cells cells{all.of_picture, local ? tile.slice : -1};
  PixelsByAnswers answers{{g, shape, tile.group, cells}};
  ChannelsByFilters filters{
      {weights, shape, tile.group, local}, tile.slice / shape.side, tile.slice % shape.side};
  multiply(answers, filters, tile, 0, filter_pixels(shape) * group_filters(shape), [&](int row, int column, float sum) {
    dx[cells.place(row) * shape.channels + tile.group * tile.columns + column] = as_scalar(sum);
  });
}

// dW[f, k] = sum over n, m of g[n, m, f] x[n, window m at k]. A convolution's windows are summed in parts of `part`,
// each a slice with a sum of its own, as weightActs had its partial sums: what is added up does not hang on timing.
FUNCTION void weight_gradient(const SCALAR* g, const SCALAR* x, float* dw, const Filtering& shape, bool local,
                              int part) {
  Tile tile(group_filters(shape), filter_pixels(shape) * group_channels(shape), shape.groups);
  Cells windows{positions(shape), local ? tile.slice : -1};
  int count = windows.count(shape.images), begin = local ? 0 : tile.slice * part;
  int end = local || count - begin < part ? count : begin + part, channels = group_channels(shape);
  FiltersByWindows answers{{g, shape, tile.group, windows}};
  TapsByWindows seen{{x, shape, tile.group, windows}};
  int64 slice = (int64)tile.slice * shape.filters + tile.group * tile.rows;
  multiply(answers, seen, tile, begin, end, [&](int row, int column, float sum) {
    int k = local ? column % channels * filter_pixels(shape) + column / channels : column;
    dw[(slice + row) * tile.columns + k] = sum;
  });
}
