using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Inventory;

/// <summary>How roles and databases bear the installation's id: in their comment. What a role owns bears the id of its owner.</summary>
internal static class InstallationMark
{
    private const string Words = "saga installation ";

    public static string OnRole(string role, Guid installation) => $"comment on role {Sql.Name(role)} is {Sql.Text($"{Words}{installation}")};";

    public static string OnDatabase(string database, Guid installation) => $"comment on database {Sql.Name(database)} is {Sql.Text($"{Words}{installation}")};";

    /// <summary>The installation in a comment; null in one that says something else.</summary>
    public static Guid? Read(string? comment) =>
        comment?.StartsWith(Words, StringComparison.Ordinal) == true && Guid.TryParseExact(comment.AsSpan(Words.Length), "d", out var id) ? id : null;
}
