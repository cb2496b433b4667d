using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Saga.Api.Failures;

/// <summary>
/// The pages of <c>docs/failures</c>, which are part of this assembly, so they are those of this version. A code of a team's own step has
/// none. Thread-safe.
/// </summary>
public sealed partial class FailureHelp(IOptions<FailureHelpOptions> options)
{
    /// <summary>Where this process serves them.</summary>
    public const string Path = "/docs/failures/{code}";

    private const string Prefix = "Saga.Failures.";

    // Codes that end with what a server said share a page, unless they have one of their own.
    private static readonly (string Prefix, string Page)[] Shared = [("postgresql-", "postgresql-sqlstate"), ("s3-", "s3-error")];

    private static readonly FrozenSet<string> Pages = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..]).ToFrozenSet(StringComparer.Ordinal);

    /// <returns>The address of the code's page; null when it has none.</returns>
    public string? AddressOf(string code) => PageOf(code) is { } page ? options.Value.FailureHelp.Replace("{code}", page, StringComparison.Ordinal) : null;

    /// <returns>The name of the code's page; null when it has none.</returns>
    internal static string? PageOf(string code) =>
        Pages.Contains(code) ? code : Shared.Where(s => code.StartsWith(s.Prefix, StringComparison.Ordinal) && Word().IsMatch(code)).Select(s => s.Page).FirstOrDefault();

    /// <returns>The code's page as Markdown; null when it has none.</returns>
    internal static Stream? Read(string code) => PageOf(code) is { } page ? Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + page) : null;

    [GeneratedRegex(@"\A[A-Za-z0-9-]{1,100}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Word();
}
