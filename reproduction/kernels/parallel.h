// Chunks of work on all of torch's threads, each taken by whichever thread is free.
//
// A fixed share for each thread would wait for the slowest: when another program takes a core for a while, the
// chunks it would have done are done by the others. Results may not depend on who does what: a chunk writes to
// places of its own.
#pragma once
#include <atomic>
#include <cstdint>

using RangeFunction = void (*)(int64_t begin, int64_t end, void* context);
using ParallelFor = int32_t (*)(int64_t begin, int64_t end, int64_t grain, RangeFunction, void* context);

static ParallelFor parallel_for = nullptr;

extern "C" __attribute__((visibility("default"))) void use_parallel_for(void* function) {
  parallel_for = reinterpret_cast<ParallelFor>(function);
}

// Calls work(chunk) for every chunk in [0, chunks), on up to `threads` threads. Each thread makes a `work` of its
// own with make_work(), which may hold memory that one chunk after the other uses.
template <class MakeWork>
void for_each_chunk(int64_t chunks, int threads, const MakeWork& make_work) {
  struct Shared {
    const MakeWork& make_work;
    int64_t chunks;
    std::atomic<int64_t> next;
  } shared{make_work, chunks, {0}};
  auto drain = [](int64_t, int64_t, void* context) {
    auto& all = *static_cast<Shared*>(context);
    int64_t chunk = all.next.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= all.chunks) return;
    auto work = all.make_work();
    for (; chunk < all.chunks; chunk = all.next.fetch_add(1, std::memory_order_relaxed)) work(chunk);
  };
  int useful = chunks < threads ? (int)chunks : threads;
  if (useful <= 1 || !parallel_for || parallel_for(0, useful, 1, drain, &shared) != 0) drain(0, 1, &shared);
}
