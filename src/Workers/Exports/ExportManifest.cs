using Saga.Contracts.Identifiers;

namespace Saga.Workers.Exports;

/// <summary>What an export has, for whoever reads it: <c>manifest.json</c> in the file.</summary>
internal sealed record ExportManifest
{
    public const string File = "manifest.json";
    public const string Csv = "csv";
    public const string JsonFormat = "json";

    /// <summary>The version of this record.</summary>
    public int Version { get; init; } = 1;

    public required Guid ExportId { get; init; }

    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset WrittenAt { get; init; }

    /// <summary>The time whose state the rows of all tables have. Everything else is as it was when it was read.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    /// <summary>The version of the product's schema.</summary>
    public int? SchemaVersion { get; init; }

    public required string Format { get; init; }

    public required IReadOnlyList<string> DataTypes { get; init; }

    /// <summary>Whose data it has; absent when it has everybody's.</summary>
    public string? UserId { get; init; }

    /// <summary>The schema note: each file, and what its records consist of.</summary>
    public required IReadOnlyList<ExportedFile> Files { get; init; }

    /// <summary>What is not in it, and why.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }
}

/// <summary>One file of an export, or the folder of objects' contents.</summary>
internal sealed record ExportedFile
{
    public required string Path { get; init; }

    public required string DataType { get; init; }

    public required string Description { get; init; }

    /// <summary>How many records it has.</summary>
    public required long Records { get; init; }

    public required IReadOnlyList<ExportedField> Fields { get; init; }
}

/// <param name="Name">The field's name.</param>
/// <param name="Type">Its type: PostgreSQL's for columns.</param>
internal sealed record ExportedField(string Name, string Type);

/// <param name="What">Such as the name of a table.</param>
/// <param name="Why">In words.</param>
internal sealed record LeftOut(string What, string Why);
