// What CPU and GPU share of augmentation: the shape of a batch, and what the network sees of a pixel.
//
// Whoever includes this defines FUNCTION.
#pragma once

// `views` crops of size x size, one view of each picture after the other: crop v is of picture v mod `pictures`.
struct Crops {
  long long views, pictures;
  int channels, height, width, size;
  float divisor;
};

FUNCTION float centred(unsigned char pixel, float mean) { return (float)pixel - mean; }

FUNCTION float noisy(unsigned char pixel, float mean, float shift, float divisor) {
  return (centred(pixel, mean) + shift) / divisor;
}
