"""What is put over moto's EC2: each function one fact of EC2, its checks in ``strict_*``."""
