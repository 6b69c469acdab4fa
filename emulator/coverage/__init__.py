"""How much of the contract a client's tests have tried: counted call by call, and mergeable."""
