"""Peers: learners of others, trained by a program of ours in an environment of their own."""

# Name of the learner -> the files that train it, the one to run first; from policies/qnet.
PEERS = {"d3rlpy-cql": ("peers/d3rlpy_cql.py", "peers/d3rlpy_worker.py")}
