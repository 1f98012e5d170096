using System.Buffers.Binary;
using CrCore;
using CrCore.Image;
using CrCore.Objects.Files;
using CrCore.Objects.Pipes;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Records of descriptors come out of their payloads as they went in.</summary>
public class FileRecordProperties
{
    [Property]
    public void Files(uint vpid, uint table, uint count) => Same(new FilesRecord(vpid, table, count));

    [Property]
    public void FdEnt(uint description, ushort fd, bool closeOnExec) => Same(new FdEntRecord(description, fd, closeOnExec));

    [Property]
    public void FdData(uint objRef, ushort mode, uint flags, ulong position, int ownerKind, int ownerId, uint target, FileIdentity identity, uint fileMode, ulong rawDevice, bool synthetic)
        => Same(new FdDataRecord
        {
            ObjRef = objRef,
            FdType = FdType.Directory,
            Mode = mode,
            Flags = flags,
            Position = position,
            Owner = new DescriptionOwner(ownerKind, ownerId, flags, fileMode, ownerId ^ 1),
            Object = target,
            MountId = ownerId,
            Identity = identity,
            FileMode = fileMode,
            RawDevice = rawDevice,
            IsSynthetic = synthetic,
            Anchor = target ^ 5,
        });

    [Property]
    public void Fs(uint vpid, uint shared, ushort umask) => Same(new FsRecord(vpid, shared, umask, "/tmp/ä\udc80b", "/", shared ^ 1, vpid));

    [Property]
    public void Ghost(uint objRef, uint mode, uint uid, uint gid, uint size, long accessed, long modified, ulong device, bool isLinkable)
        => Same(new GhostRecord(objRef, mode, uid, gid, size, accessed, modified, device, isLinkable, "/tmp/gone\nä\udc80"));

    [Property]
    public void Remap(uint objRef, uint mode, FileIdentity identity, int type, byte first, bool isNamed)
        => Same(new RemapRecord(objRef, mode, identity, "/tmp/gone", isNamed ? "/tmp/other" : "", new(type, new byte[] { first, 2, 3 })));

    [Fact]
    public void AFileThatNothingLeadsToIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new RemapRecord(7, 0x8180, default, "/tmp/gone", "", default)));

    [Fact]
    public void ADeletedFileWithoutAPathIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new GhostRecord(7, 0x8180, 0, 0, 0, 0, 0, 0, false, "gone")));

    [Fact]
    public void NamespaceFile()
    {
        Same(new CrCore.Objects.Namespaces.NamespaceFileRecord(7, "net"));
        Assert.Throws<CrImageException>(() => RecordCode.Again(new CrCore.Objects.Namespaces.NamespaceFileRecord(7, "../root")));
    }

    [Property]
    public void FileData(uint target, uint offset, byte[] bytes) => Same(new FileDataRecord(target, offset, bytes));

    [Property]
    public void Pipe(uint objRef, uint capacity) => Same(new PipeRecord(objRef, capacity));

    [Property]
    public void PipeData(uint pipe, bool packet, byte[] bytes) => Same(new PipeDataRecord(pipe, packet, bytes));

    /// <summary>What 2008 wrote ends behind f_version.</summary>
    [Fact]
    public void FdDataOf2008IsRead()
    {
        var payload = RecordCode.Encode(new FdDataRecord { ObjRef = 7, FdType = FdType.File, Mode = 3, Flags = 2, Position = 99, Version = 4 })[..FdDataRecord.Revision3Size];
        var reader = new FieldReader(payload, 0);
        var record = FdDataRecord.Read(7, ref reader);
        Assert.Equal(0, reader.Remaining);
        Assert.Equal((7u, FdType.File, 99ul, 4ul), (record.ObjRef, record.FdType, record.Position, record.Version));
    }

    /// <summary>Field offsets are fixed by the lineage: fd_type 0, f_mode 2, f_flags 4, f_pos 8, f_version 16.</summary>
    [Fact]
    public void FdDataKeepsTheOffsetsOf2008()
    {
        var bytes = RecordCode.Encode(new FdDataRecord { ObjRef = 7, FdType = FdType.Directory, Mode = 0x1234, Flags = 0x89abcdef, Position = 0x1122334455667788, Version = 5 });
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        Assert.Equal(0x1234, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(2)));
        Assert.Equal(0x89abcdef, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)));
        Assert.Equal(0x1122334455667788u, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
        Assert.Equal(5u, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)));
        Assert.Equal(FdDataRecord.PayloadSize, bytes.Length);
    }

    [Fact]
    public void ANegativeDescriptorIsRefused()
    {
        var payload = RecordCode.Encode(new FdEntRecord(1, 5, false));
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), -5);
        Assert.Equal("CrImageBadField", Assert.Throws<CrImageException>(() => Decode(payload)).Id);

        static void Decode(byte[] payload)
        {
            var reader = new FieldReader(payload, 0);
            FdEntRecord.Read(0, ref reader);
        }
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
