// The threads of a block as fibres of one thread: each runs until it waits, then the next one.
#pragma once
#include <ucontext.h>

inline uint3 threadIdx;

namespace shim {

struct Barrier {
  int expected = 0, arrived = 0;
  unsigned round = 0;
};

struct Fibre {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  uint3 index;
  Barrier* waits_for = nullptr;
  unsigned round = 0;
  bool ended = false;
};

struct Block {
  std::vector<Fibre> fibres;
  std::vector<Barrier> warps;
  std::vector<uint64_t> places;
  Barrier all;
  ucontext_t scheduler;
  int running = 0;
  void (*body)(void*);
  void* argument;
};
inline Block* block_now;

constexpr size_t STACK_BYTES = 64 * 1024;

inline void wait_for(Barrier& barrier) {
  Fibre& me = block_now->fibres[block_now->running];
  if (++barrier.arrived == barrier.expected) {
    barrier.arrived = 0, barrier.round++;
    return;
  }
  me.waits_for = &barrier, me.round = barrier.round;
  swapcontext(&me.context, &block_now->scheduler);
}

inline void wait_for_block() { wait_for(block_now->all); }
inline void wait_for_warp() { wait_for(block_now->warps[block_now->running / 32]); }
inline uint64_t* warp_places() { return block_now->places.data() + block_now->running / 32 * 32; }
inline int lane() { return block_now->running % 32; }
inline int threads_in_warp() { return block_now->warps[block_now->running / 32].expected; }

inline void fibre_main() {
  block_now->body(block_now->argument);
  Fibre& me = block_now->fibres[block_now->running];
  me.ended = true;
  swapcontext(&me.context, &block_now->scheduler);
}

// Lets fibre number `i` run if it waits for nothing; whether it ran.
inline bool resume(Block& block, int i) {
  Fibre& fibre = block.fibres[i];
  if (fibre.ended || (fibre.waits_for && fibre.waits_for->round == fibre.round)) return false;
  fibre.waits_for = nullptr;
  block.running = i, threadIdx = fibre.index;
  swapcontext(&block.scheduler, &fibre.context);
  return true;
}

inline void run_block(Block& block) {
  int count = (int)block.fibres.size(), ended = 0;
  for (Fibre& fibre : block.fibres) {
    getcontext(&fibre.context);
    fibre.context.uc_stack.ss_sp = fibre.stack.get();
    fibre.context.uc_stack.ss_size = STACK_BYTES;
    fibre.context.uc_link = nullptr;
    fibre.ended = false, fibre.waits_for = nullptr;
    makecontext(&fibre.context, fibre_main, 0);
  }
  while (ended < count) {
    bool moved = false;
    for (int i = 0; i < count; i++)
      if (resume(block, i)) moved = true, ended += block.fibres[i].ended;
    if (!moved) {
      std::fprintf(stderr, "some threads of a block wait at a barrier that others never reach\n");
      std::abort();
    }
  }
}

inline void run(dim3 grid, dim3 threads, size_t shared_bytes, void (*body)(void*), void* context) {
  Block block;
  int count = threads.x * threads.y * threads.z;
  block.fibres.resize(count), block.warps.resize((count + 31) / 32), block.places.resize(block.warps.size() * 32);
  for (int i = 0; i < count; i++) {
    block.fibres[i].stack.reset(new char[STACK_BYTES]);
    block.fibres[i].index = {i % threads.x, i / threads.x % threads.y, i / threads.x / threads.y};
    block.warps[i / 32].expected++;
  }
  block.all.expected = count, block.body = body, block.argument = context;
  block_now = &block, gridDim = grid, blockDim = threads;
  std::unique_ptr<float4[]> memory(new float4[shared_bytes / 16 + 1]);
  shared_memory = reinterpret_cast<unsigned char*>(memory.get());
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        blockIdx = {x, y, z};
        std::memset(shared_memory, 0xff, shared_bytes);
        run_block(block);
      }
}

}  // namespace shim
