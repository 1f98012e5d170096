using CrCore;
using CrCore.Objects.Locks;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Locks;

/// <summary>Records of locks come out of their payloads as they went in; what no lock can be is an error.</summary>
public class LockRecordProperties
{
    [Property]
    public void Ranges(uint vpid, ushort fd, bool ofDescription, bool write, int holder, uint start, uint length)
    {
        var record = new FileLockRecord(vpid, fd, ofDescription ? FileLockKind.Description : FileLockKind.Posix, write ? FileLockType.Write : FileLockType.Read, false, holder, start, (long)start + length);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(FileLockType.Read), InlineData(FileLockType.Unlock)]
    public void Leases(FileLockType type)
    {
        var record = new FileLockRecord(7, 3, FileLockKind.Lease, type, true, 7, 0, long.MaxValue);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(0, FileLockType.Read, false, 3, 0, 9)]
    [InlineData(5, FileLockType.Read, false, 3, 0, 9)]
    [InlineData(1, (FileLockType)3, false, 3, 0, 9)]
    [InlineData(1, FileLockType.Read, true, 3, 0, 9)]
    [InlineData(4, FileLockType.Unlock, false, 3, 0, 9)]
    [InlineData(1, FileLockType.Read, false, -1, 0, 9)]
    [InlineData(1, FileLockType.Read, false, 3, -1, 9)]
    [InlineData(1, FileLockType.Read, false, 3, 10, 9)]
    public void WhatNoLockCanBe(int kind, FileLockType type, bool isBreaking, int fd, long start, long end)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new FileLockRecord(7, fd, (FileLockKind)kind, type, isBreaking, 0, start, end)));
}
