#include "include/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
  glint_cpu_function kernel;
  const void *params;
  void *const *buffers;
  int64_t items, grain;
  char *scratch;
  int64_t stride;
  glint_pool_stop stop;
  const void *context;
} job;

struct glint_pool {
  int threads;
  pthread_t *workers;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  unsigned generation;  // counts jobs; a worker that sees a new one starts it
  int busy;             // workers that have not finished the current job
  int quit;
  job current;
  _Atomic int64_t next;
};

typedef struct {
  glint_pool *pool;
  int index;
} seat;

static void work(glint_pool *pool, const job *j, int worker) {
  while (!j->stop || !j->stop(j->context)) {
    const int64_t begin = atomic_fetch_add_explicit(&pool->next, j->grain, memory_order_relaxed);
    if (begin >= j->items) return;
    const int64_t end = begin + j->grain < j->items ? begin + j->grain : j->items;
    j->kernel(j->params, j->buffers, begin, end, j->scratch + worker * j->stride);
  }
}

static void *serve(void *argument) {
  seat own = *(seat *)argument;
  free(argument);
  glint_pool *pool = own.pool;
  unsigned seen = 0;
  for (;;) {
    pthread_mutex_lock(&pool->lock);
    while (pool->generation == seen && !pool->quit) pthread_cond_wait(&pool->wake, &pool->lock);
    if (pool->quit) {
      pthread_mutex_unlock(&pool->lock);
      return 0;
    }
    seen = pool->generation;
    const job j = pool->current;
    pthread_mutex_unlock(&pool->lock);
    work(pool, &j, own.index);
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0) pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
  }
}

glint_pool *glint_pool_create(int threads) {
  glint_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return 0;
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  pthread_mutex_init(&pool->lock, 0);
  pthread_cond_init(&pool->wake, 0);
  pthread_cond_init(&pool->done, 0);
  pool->threads = 1;
  for (int i = 1; pool->workers && i < threads; i++) {
    seat *s = malloc(sizeof *s);
    if (!s) break;
    *s = (seat){pool, i};
    if (pthread_create(&pool->workers[i], 0, serve, s)) {
      free(s);
      break;
    }
    pool->threads++;
  }
  return pool;
}

void glint_pool_destroy(glint_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->quit = 1;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 1; i < pool->threads; i++) pthread_join(pool->workers[i], 0);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->wake);
  pthread_cond_destroy(&pool->done);
  free(pool->workers);
  free(pool);
}

void glint_pool_run(glint_pool *pool, glint_cpu_function kernel, const void *params,
                    void *const *buffers, int64_t items, int64_t grain, void *scratch,
                    int64_t stride, glint_pool_stop stop, const void *context) {
  if (items <= 0) return;
  const job j = {kernel, params, buffers, items, grain, scratch, stride, stop, context};
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  if (pool->threads == 1 || items <= grain) {
    work(pool, &j, 0);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->current = j;
  pool->busy = pool->threads - 1;
  pool->generation++;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  work(pool, &j, 0);
  pthread_mutex_lock(&pool->lock);
  while (pool->busy) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}
