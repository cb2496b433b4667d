namespace Saga.Api.Exports;

/// <summary>A link to an export's file. Whoever has it can download the file until it expires.</summary>
public sealed record ExportLinkView
{
    /// <summary>A GET to it needs no token.</summary>
    public required string Url { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The size of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>The checksum of the file, as hexadecimal digits.</summary>
    public required string Sha256 { get; init; }
}
