// The threads of a block as threads, for the sanitizers: each goes through all blocks of the grid.
#pragma once
#include <barrier>
#include <thread>

inline thread_local uint3 threadIdx;

namespace shim {

struct Block {
  std::barrier<> all;
  std::vector<std::unique_ptr<std::barrier<>>> warps;
  std::vector<uint64_t> places;
  int threads;
};
inline Block* block_now;
inline thread_local int my_number;

inline void wait_for_block() { block_now->all.arrive_and_wait(); }
inline void wait_for_warp() { block_now->warps[my_number / 32]->arrive_and_wait(); }
inline uint64_t* warp_places() { return block_now->places.data() + my_number / 32 * 32; }
inline int lane() { return my_number % 32; }
inline int threads_in_warp() {
  int left = block_now->threads - my_number / 32 * 32;
  return left < 32 ? left : 32;
}

inline void run(dim3 grid, dim3 threads, size_t shared_bytes, void (*body)(void*), void* context) {
  int count = threads.x * threads.y * threads.z;
  Block block{std::barrier<>(count), {}, std::vector<uint64_t>((count + 31) / 32 * 32), count};
  for (int first = 0; first < count; first += 32)
    block.warps.push_back(std::make_unique<std::barrier<>>(count - first < 32 ? count - first : 32));
  block_now = &block, gridDim = grid, blockDim = threads;
  shared_memory = static_cast<unsigned char*>(std::malloc(shared_bytes));  // exactly: the sanitizer knows its end
  auto work = [&](unsigned i) {
    my_number = (int)i;
    threadIdx = {i % threads.x, i / threads.x % threads.y, i / threads.x / threads.y};
    for (unsigned z = 0; z < grid.z; z++)
      for (unsigned y = 0; y < grid.y; y++)
        for (unsigned x = 0; x < grid.x; x++) {
          if (i == 0) blockIdx = {x, y, z}, std::memset(shared_memory, 0xff, shared_bytes);
          wait_for_block();
          body(context);
          wait_for_block();
        }
  };
  std::vector<std::thread> all;
  for (int i = 0; i < count; i++) all.emplace_back(work, i);
  for (std::thread& thread : all) thread.join();
  std::free(shared_memory);
}

}  // namespace shim
