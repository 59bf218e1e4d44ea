#!/bin/sh
# check_sources.sh SOURCE_DIR: the library's locks are all tt::Mutex (src/base/mutex.h), which the fork handler knows,
# and that handler is the only one; state of threads is freed through src/base/thread_state.h.
set -eu
cd "$1"
status=0
refuse() {
  found=$(grep -rnE --include=*.cpp --include=*.h "$1" src capi | grep -vE "$2" || true)
  if [ -n "$found" ]; then
    echo "$3:"
    echo "$found"
    status=1
  fi
}
refuse 'std::((recursive_|shared_|timed_|recursive_timed_|shared_timed_)?mutex|condition_variable|once_flag|call_once|(counting|binary)_semaphore)|<(mutex|shared_mutex|condition_variable|semaphore)>|pthread_(mutex|rwlock|spin|cond|once|barrier)|sem_(init|wait|post)|omp_(init|set|nest)_?lock' \
  '^src/base/mutex\.(h|cpp):' 'locks that a fork handler does not know (use tt::Mutex)'
refuse 'pthread_atfork' '^src/base/mutex\.cpp:' 'another fork handler'
refuse 'pthread_key_create|thread_local (std::(unique_ptr|shared_ptr|vector|string|map|unordered_map|optional)|Ref<|Tensor)' \
  '^src/base/thread_state\.cpp:' 'state of threads that thread_state.h does not know'
exit $status
