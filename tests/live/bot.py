"""A program that answers as its questions say; started by tests."""

import json
import os
import sys
import time


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        word, _, rest = asked["prompt"].partition(" ")
        reply = {"id": asked["id"], "text": rest}
        if word == "environment":
            reply["text"] = json.dumps(sorted(os.environ.items()))
        elif word == "pid":
            reply["text"] = str(os.getpid())
        elif word == "crash":
            print("this is why", file=sys.stderr)
            sys.exit(3)
        elif word == "hang":
            time.sleep(60)
        elif word == "prints":
            print("thinking ...")
        elif word == "counts":
            reply |= {"input_tokens": 3, "output_tokens": 4, "finish": "length"}
        elif word == "number":
            reply["text"] = 4
        elif word == "once" and not os.path.exists(rest):
            open(rest, "w").close()
            sys.exit(1)
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
