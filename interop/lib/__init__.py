"""What every test and measurement needs: processes, ports, certificates, pairs of gateways, accounts of CPU and memory."""
