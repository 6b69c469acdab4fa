"""How much of the contract a client's calls cover: counted call by call, and mergeable."""
