namespace CrCore.Image;

/// <summary>The records behind the HEAD, of either revision.</summary>
internal interface IRecordSequence
{
    /// <summary>The next record, or null behind the tail. Page data goes into <paramref name="pages"/> if given.</summary>
    ImageRecord? Next(PageBlock? pages = null);

    /// <summary>As in the seal of the metadata, once that has been read; 0 where there is none.</summary>
    ulong MetadataHash { get; }
}
