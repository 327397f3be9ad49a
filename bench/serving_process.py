"""The serving process that bench/serving.py measures: as `manage.py serve_networks`, and it tells its mean batch."""

import json
import os
import sys
import threading
import time

import django
from django.conf import settings


def main() -> None:
    django.setup()
    settings.MEDIA_ROOT = os.environ["BENCH_MEDIA"]
    from modelserve.serving.process import ServingProcess

    process = ServingProcess(batch=int(sys.argv[1]), say=lambda line: None)
    thread = threading.Thread(target=process.run)
    thread.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        mean_batch = process.counts.questions / max(1, process.counts.batches)
        print(json.dumps([mean_batch, time.process_time()]), flush=True)
    process.stop()
    thread.join()


if __name__ == "__main__":
    main()
