namespace CrCore.Image.Revision3;

/// <summary>Which record of revision 3 may come next, and which parent it must have.</summary>
internal sealed class Revision3Order
{
    private enum Due { Arch, Tree, Task, Comm, Any, FName, DataOrAny, End }

    private Due _due;
    private uint _vpid, _mm, _fdObject, _mapsLeft, _fdsLeft;
    private bool _mapOpen, _anyTask;

    public bool AtEnd => _due == Due.End;

    /// <summary>Checks a record, before what is raw behind it is read.</summary>
    /// <param name="record">With its vpid set, if it is a TASK.</param>
    public void Accept(long offset, ICrRecord record)
    {
        if (!Fits(record))
            throw ImageError.Order(offset, $"a record of type {record.Type} cannot stand there");
        if (ParentOf(record) is { } parent && record.Parent != parent)
            throw ImageError.Field(offset, $"its parent is {record.Parent}, where {parent} is due");
        Move(record);
    }

    private bool Fits(ICrRecord record) => record switch
    {
        HeadArchRecord => _due == Due.Arch,
        Revision3TreeHead => _due == Due.Tree,
        TaskRecord => _due is Due.Task || (Idle && _mapsLeft == 0 && _fdsLeft == 0),
        StringRecord => _due == Due.Comm,
        FNameRecord => _due == Due.FName,
        Revision3Mm or Revision3MmContext or Revision3Files or ThreadRecord or Revision3Cpu => Idle && _mapsLeft == 0 && _fdsLeft == 0,
        Revision3Vma => Idle && _mapsLeft > 0,
        Revision3PageArray => _due is Due.Any && _mapOpen,
        Revision3FdEntry => Idle && _fdsLeft > 0,
        Revision3FdData => _due == Due.DataOrAny,
        Revision3Tail => Idle && _mapsLeft == 0 && _fdsLeft == 0 && _anyTask,
        _ => false,
    };

    private bool Idle => _due is Due.Any or Due.DataOrAny && !_mapOpen;

    private uint? ParentOf(ICrRecord record) => record switch
    {
        Revision3Mm or Revision3Files or ThreadRecord or Revision3Cpu => _vpid,
        Revision3MmContext => _mm,
        Revision3FdData => _fdObject,
        _ => 0,
    };

    private void Move(ICrRecord record)
    {
        _due = record switch
        {
            HeadArchRecord => Due.Tree,
            Revision3TreeHead => Due.Task,
            TaskRecord => Due.Comm,
            Revision3Vma { VmaType: Revision3Vma.File } or Revision3FdData => Due.FName,
            Revision3FdEntry => Due.DataOrAny,
            Revision3Tail => Due.End,
            _ => Due.Any,
        };
        switch (record)
        {
            case TaskRecord task:
                (_vpid, _anyTask) = ((uint)task.VPid, true);
                break;
            case Revision3Mm mm:
                (_mm, _mapsLeft) = (mm.ObjRef, mm.MapCount);
                break;
            case Revision3Vma:
                _mapsLeft--;
                _mapOpen = true;
                break;
            case Revision3PageArray { PageCount: 0 }:
                _mapOpen = false;
                break;
            case Revision3Files files:
                _fdsLeft = files.DescriptorCount;
                break;
            case Revision3FdEntry entry:
                _fdsLeft--;
                _fdObject = entry.ObjRef;
                break;
        }
    }
}
