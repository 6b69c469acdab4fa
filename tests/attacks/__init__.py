"""What an attacker, or an unlucky client, may send: each costs what its budget says, and no more.

Every test plays one attack at a small size, and at full size below `make attack`.
"""
