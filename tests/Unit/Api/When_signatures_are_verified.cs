using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

/// <summary>Project Wycheproof's vectors, from the contracts folder above the sources or SAGA_CONTRACTS.</summary>
public sealed class When_signatures_are_verified
{
    private const string File = "wycheproof-json_web_signature_test.json";
    private static readonly string[] Taken = ["RS256", "ES256", "PS256"];

    [Fact]
    public void Should_distinguish_valid_from_invalid_like_the_vectors()
    {
        var path = Find();
        Assert.SkipWhen(path is null, $"{File} was not found: set SAGA_CONTRACTS to the folder that holds it.");
        var wrong = new List<string>();
        int good = 0, bad = 0;
        using var vectors = JsonDocument.Parse(System.IO.File.ReadAllText(path!));
        foreach (var group in vectors.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var key = new JsonWebKey((group.TryGetProperty("public", out var given) ? given : group.GetProperty("private")).GetRawText());
            foreach (var test in group.GetProperty("tests").EnumerateArray().Where(t => t.GetProperty("jws").ValueKind == JsonValueKind.String))
            {
                var jws = test.GetProperty("jws").GetString()!;
                // Valid signatures with other algorithms, or with a header that contradicts the key, do not count as valid here.
                var valid = test.GetProperty("result").GetString() == "valid" && Taken.Contains(Algorithm(jws)) && (key.Alg is null || key.Alg == Algorithm(jws));
                var taken = JwsSignature.Parse(jws) is { } parsed && JwsSignature.IsSigned(parsed, [key]);
                _ = valid ? good++ : bad++;
                if (taken != valid)
                    wrong.Add($"{test.GetProperty("tcId")} {test.GetProperty("comment")}: taken {taken}, valid {valid}");
            }
        }

        wrong.ShouldBeEmpty();
        good.ShouldBeGreaterThanOrEqualTo(15);
        bad.ShouldBeGreaterThan(300);
    }

    private static string? Algorithm(string jws)
    {
        try
        {
            using var header = JsonDocument.Parse(Base64UrlEncoder.Decode(jws.Split('.')[0]));
            return header.RootElement.GetProperty("alg").GetString();
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or ArgumentException)
        {
            return null;
        }
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SAGA_CONTRACTS") is { Length: > 0 } given)
            return Path.Combine(given, File) is var named && System.IO.File.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, "shared", "contracts", File) is var path && System.IO.File.Exists(path))
                return path;
        }

        return null;
    }
}
