using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>BPF_OBJ_NAME_LEN of linux/bpf.h: a name with its NUL.</summary>
[InlineArray(Size)]
public struct BpfName
{
    public const int Size = 16;

    private byte _first;
}

/// <summary>What bpf(2) takes for BPF_MAP_CREATE: the first part of union bpf_attr, up to map_extra.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfMapCreation
{
    public uint MapType, KeySize, ValueSize, MaxEntries, MapFlags, InnerMapFd, NumaNode;
    public BpfName Name;
    public uint InterfaceIndex, BtfFd, BtfKeyTypeId, BtfValueTypeId, BtfVmlinuxValueTypeId;
    public ulong MapExtra;
}

/// <summary>The same for commands on a map's elements.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfElementCall
{
    public uint MapFd;
    private readonly uint _pad;
    public ulong Key, Value, Flags;
}

/// <summary>The same for BPF_OBJ_GET_INFO_BY_FD.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfInfoCall
{
    public uint Fd, Length;
    public ulong Info;
}

/// <summary>The same for BPF_*_GET_NEXT_ID and BPF_*_GET_FD_BY_ID.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfIdCall
{
    public uint Id, NextId, OpenFlags;
}

/// <summary>The same for BPF_OBJ_GET.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfObjectCall
{
    public ulong Path;
    public uint Fd, FileFlags;
}

/// <summary>struct bpf_map_info up to map_extra; newer kernels go on behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfMapInfo
{
    public uint Type, Id, KeySize, ValueSize, MaxEntries, MapFlags;
    public BpfName Name;
    public uint InterfaceIndex, BtfVmlinuxValueTypeId;
    public ulong NetworkDevice, NetworkInode;
    public uint BtfId, BtfKeyTypeId, BtfValueTypeId, BtfVmlinuxId;
    public ulong MapExtra;
}

/// <summary>struct bpf_prog_info up to its name.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfProgramInfo
{
    public uint Type, Id;
    public ulong Tag;
    public uint JitedLength, TranslatedLength;
    public ulong JitedInstructions, TranslatedInstructions, LoadTime;
    public uint CreatedByUid, MapCount;
    public ulong MapIds;
    public BpfName Name;
}
