#!/bin/sh
# A Slurm of one machine, from Debian's packages, to try `kcr sweep submit --slurm` on. It needs root and no systemd:
#
#   tools/cluster/slurm.sh start     # installs what is missing; then sbatch, squeue and sacct work
#   tools/cluster/slurm.sh stop
#
# Its files are in /tmp/kcr-slurm.
set -eu
home=/tmp/kcr-slurm

start() {
  if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
  fi
  mkdir -p "$home/state" "$home/spool" /run/munge /var/lib/munge /var/log/munge /etc/munge
  chown munge: /run/munge /var/lib/munge /var/log/munge /etc/munge
  [ -s /etc/munge/munge.key ] || {
    dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 2>/dev/null
    chown munge: /etc/munge/munge.key
    chmod 400 /etc/munge/munge.key
  }
  pgrep -x munged >/dev/null || su -s /bin/sh munge -c /usr/sbin/munged
  host=$(hostname -s)
  cat > "$home/slurm.conf" <<CONF
ClusterName=kcr
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$home/jobs.txt
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  mkdir -p /etc/slurm
  ln -sf "$home/slurm.conf" /etc/slurm/slurm.conf
  pgrep -x slurmctld >/dev/null || slurmctld
  pgrep -x slurmd >/dev/null || slurmd
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if sinfo -h -o %T 2>/dev/null | grep -Eq '^(idle|mixed|allocated)'; then
      sinfo
      return
    fi
    sleep 1
  done
  echo "Slurm does not answer: see $home/slurmctld.log and $home/slurmd.log" >&2
  exit 1
}

stop() {
  for name in slurmd slurmctld; do
    [ -f "$home/$name.pid" ] && kill "$(cat "$home/$name.pid")" || true
  done
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *)
    echo "usage: $0 start | stop" >&2
    exit 2
    ;;
esac
