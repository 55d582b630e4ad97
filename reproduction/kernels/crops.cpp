// Crops of uint8 pictures (N, C, H, W) as a network sees them, float32 (views, S, S, C), on the CPU.
//
// Row by row: the bytes of the crop are put in the order of the output first, four times fewer than floats; then
// mean (S, S, C) and shift are a matter of whole vectors. A thread takes a crop at a time.
#include <cstdint>
#include <vector>

#include "parallel.h"

#define EXPORT extern "C" __attribute__((visibility("default")))
#define FUNCTION static inline __attribute__((always_inline))
#include "crops.h"

namespace {

// `size` pixels from `from` on, whose channels lie `plane` bytes apart, with their channels side by side.
template <int CHANNELS, bool FLIPPED>
void interleave(const uint8_t* __restrict from, int64_t plane, int channels, int size, uint8_t* __restrict to) {
  const int count = CHANNELS ? CHANNELS : channels;
  for (int x = 0; x < size; x++)
    for (int c = 0; c < count; c++) to[x * count + c] = from[c * plane + (FLIPPED ? size - 1 - x : x)];
}

using Interleave = void (*)(const uint8_t*, int64_t, int, int, uint8_t*);

template <bool FLIPPED>
Interleave interleave_for(int channels) {
  if (channels == 1) return interleave<1, FLIPPED>;
  return channels == 3 ? interleave<3, FLIPPED> : interleave<0, FLIPPED>;
}

void without_noise(const uint8_t* __restrict pixels, const float* __restrict mean, float* __restrict out, int length) {
  for (int i = 0; i < length; i++) out[i] = centred(pixels[i], mean[i]);
}

void with_noise(const uint8_t* __restrict pixels, const float* __restrict mean, const float* __restrict shift,
                float divisor, float* __restrict out, int length) {
  for (int i = 0; i < length; i++) out[i] = noisy(pixels[i], mean[i], shift[i], divisor);
}

}  // namespace

// rows, columns, flips (views), shift (views, C) or null.
EXPORT void augment(const uint8_t* pictures, const float* mean, const int64_t* rows, const int64_t* columns,
                    const int64_t* flips, const float* shift, float* out, const Crops* crops, int threads) {
  const Crops& all = *crops;
  int length = all.size * all.channels;
  int64_t plane = (int64_t)all.height * all.width;
  bool noise = shift || all.divisor != 1;
  for_each_chunk(all.views, threads, [&] {
    return [&, pixels = std::vector<uint8_t>(length), shifts = std::vector<float>(length)](int64_t view) mutable {
      const uint8_t* crop = pictures + view % all.pictures * all.channels * plane + rows[view] * all.width + columns[view];
      for (int i = 0; shift && i < length; i++) shifts[i] = shift[view * all.channels + i % all.channels];
      auto put = flips[view] ? interleave_for<true>(all.channels) : interleave_for<false>(all.channels);
      for (int y = 0; y < all.size; y++) {
        put(crop + (int64_t)y * all.width, plane, all.channels, all.size, pixels.data());
        const float* row = mean + (int64_t)y * length;
        float* to = out + (view * all.size + y) * length;
        if (noise)
          with_noise(pixels.data(), row, shifts.data(), all.divisor, to, length);
        else
          without_noise(pixels.data(), row, to, length);
      }
    };
  });
}
