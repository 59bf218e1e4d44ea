#include "base/mutex.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

using namespace tt;

namespace {

// Runs the body in a forked child, for which hanging is failing.
void in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60);
    ::_exit(body() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

bool can_be_taken(Mutex& mutex) {
  const Lock lock(mutex);
  return true;
}

std::atomic<bool> g_begun{false};
int made_slowly() {
  static const int value = [] {
    g_begun = true;
    ::usleep(100'000);
    return 7;
  }();
  return value;
}

}  // namespace

TEST(Mutex, IsOpenInAChildThoughAnotherThreadHeldIt) {
  Mutex first(LockLevel::kGenerator), second(LockLevel::kMemoryCache);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) {
      const Lock outer(first);
      const Lock inner(second);
      ::usleep(100);
    }
  });
  for (int i = 0; i < 50; ++i) in_child([&] { return can_be_taken(first) && can_be_taken(second); });
  stop = true;
  other.join();
}

TEST(Mutex, StaysTakenWhereTheForkingThreadHoldsIt) {
  Mutex mutex(LockLevel::kGenerator);
  mutex.lock();
  in_child([&] {
    mutex.unlock();
    return can_be_taken(mutex);
  });
  mutex.unlock();
  EXPECT_TRUE(can_be_taken(mutex));
}

TEST(Mutex, MayComeAndGoWhileOthersFork) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        std::vector<std::unique_ptr<Mutex>> some;
        for (int i = 0; i < 10; ++i) {
          some.push_back(
              std::make_unique<Mutex>(i % 2 == 0 ? LockLevel::kGenerator : LockLevel::kGraphMemory));
          can_be_taken(*some.back());
        }
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    in_child([] {
      Mutex mutex(LockLevel::kGenerator);
      return can_be_taken(mutex) && in_forked_child();
    });
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(in_forked_child());
}

TEST(Mutex, AForkWaitsForStaticVariablesBeingMade) {
  std::thread other([] { EXPECT_EQ(made_slowly(), 7); });
  while (!g_begun) std::this_thread::yield();
  in_child([] { return made_slowly() == 7; });
  other.join();
}
