namespace CrCore.Image;

/// <summary>What an index that was found from the end of a file must agree with.</summary>
internal static class IndexRules
{
    public static void Check(IndexRecord index, long indexOffset, ImageModel model)
    {
        if (index.MetadataLength != model.MetadataLength || index.MetadataHash != model.MetadataHash)
            throw ImageError.Index(indexOffset, "it belongs to other metadata");
        CheckTasks(index, indexOffset, model);
        var end = CheckBlocks(index, indexOffset, model);
        var trailerFits = index.TrailerOffset == 0
            ? end == indexOffset && index.TrailerHash == 0
            : end == index.TrailerOffset && indexOffset - end is > ImageFormat.SealSize and <= ImageLimits.MaxTrailerBytes + ImageFormat.SealSize;
        if (!trailerFits)
            throw ImageError.Index(indexOffset, $"the page blocks end at {end}, the trailer is at {index.TrailerOffset}");
    }

    private static void CheckTasks(IndexRecord index, long indexOffset, ImageModel model)
    {
        if (index.Tasks.Count != model.Tasks.Count)
            throw ImageError.Index(indexOffset, $"it lists {index.Tasks.Count} tasks of {model.Tasks.Count}");
        for (var i = 0; i < index.Tasks.Count; i++)
            if (index.Tasks[i] != new TaskEntry(model.Tasks[i].Offset, model.Tasks[i].VPid))
                throw ImageError.Index(indexOffset, $"its task {i} is {index.Tasks[i]}");
    }

    /// <summary>Block follows block, each with its seal: the offset behind the last one.</summary>
    private static long CheckBlocks(IndexRecord index, long indexOffset, ImageModel model)
    {
        var end = model.MetadataLength;
        var order = new IndexBuilder();
        foreach (var b in index.Blocks)
        {
            var fits = b.Offset == end && b.Length > ImageFormat.HeaderSize + PageArrayRecord.PayloadSize
                && b.Length <= indexOffset - end - ImageFormat.SealSize
                && b.PageCount is >= 1 and <= ImageLimits.MaxBlockPages
                && b.EndVAddr <= long.MaxValue && b.FirstVAddr < b.EndVAddr
                && model.Objects.ContainsKey(b.ObjRef) && order.InOrder(b.ObjRef, b.FirstVAddr);
            if (!fits)
                throw ImageError.Index(indexOffset, $"its entry {b} cannot be");
            order.Add(b);
            end += b.Length + ImageFormat.SealSize;
        }
        return end;
    }
}
