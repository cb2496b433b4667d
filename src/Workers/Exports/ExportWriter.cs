using System.Text.Encodings.Web;
using System.Text.Json;
using Saga.Contracts;
using Saga.Registry.Exports;
using Saga.Workers.Runtime;

namespace Saga.Workers.Exports;

/// <summary>Writes the file of an export as one stream, in memory that does not depend on its size. Thread-safe.</summary>
internal sealed class ExportWriter(ExportFiles files, ExportUsers users, ExportTables tables, ExportRegistryData registry, ExportObjects objects, TimeProvider time)
{
    private static readonly JsonSerializerOptions Readable = new(Json.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task<WrittenExport> WriteAsync(StepContext context, BegunExport export, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (name, upload) = await files.CreateAsync(context, export.Id, cancellationToken);
        await using var opened = upload;
        await using var hashed = new HashedStream(upload) { Progressed = bytes => context.Report(bytes, unit: "bytes", words: "exporting") };
        await using var archive = await ExportArchive.CreateAsync(hashed, now, cancellationToken);
        var draft = new ExportDraft(context, export, archive);
        // Rows first, so that their transaction does not wait for objects.
        if (draft.Has("users") || draft.Has("documents") || draft.Has("settings") || draft.Has("audit_logs"))
            await tables.WriteAsync(draft, cancellationToken);
        if (draft.Has("users"))
            await users.WriteAsync(draft, cancellationToken);
        if (draft.Has("settings"))
            await registry.WriteSettingsAsync(draft, cancellationToken);
        if (draft.Has("audit_logs"))
            await registry.WriteAuditAsync(draft, cancellationToken);
        if (draft.Has("media"))
            await objects.WriteAsync(draft, cancellationToken);
        if (export.UserId is { } user && draft.Counts.Values.All(c => c == 0))
        {
            throw StepFailureException.Permanent(
                "export-empty", $"Nothing of the tenant's {string.Join(", ", export.DataTypes)} concerns the user '{user}'.",
                "Check the user's id in the directory, and the columns that the product's export.json names, then send the command again.");
        }

        var manifest = new ExportManifest
        {
            ExportId = export.Id,
            TenantId = context.TenantId,
            Slug = context.Tenant.Slug,
            Name = context.Tenant.Name,
            WrittenAt = now,
            SnapshotAt = draft.SnapshotAt,
            SchemaVersion = draft.SchemaVersion,
            Format = export.Format,
            DataTypes = export.DataTypes,
            UserId = export.UserId,
            Files = draft.Files,
            LeftOut = draft.LeftOut,
        };
        await archive.AddAsync(
            ExportManifest.File, async content => await content.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(manifest, Readable), cancellationToken), cancellationToken);
        await archive.CompleteAsync(cancellationToken);
        await upload.CompleteAsync(cancellationToken);
        return new() { File = name, Bytes = hashed.Bytes, Sha256 = hashed.Sha256(), Counts = draft.Counts, SnapshotAt = draft.SnapshotAt, SchemaVersion = draft.SchemaVersion };
    }
}
