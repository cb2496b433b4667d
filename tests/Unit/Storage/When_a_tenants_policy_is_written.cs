using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Workers.Storage;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Storage;

public sealed class When_a_tenants_policy_is_written
{
    private const string Id = "01890000-0000-7000-8000-000000000001";

    [Fact]
    public void Should_allow_a_session_its_prefix_only()
    {
        var statements = Statements(TenantPolicies.Session("bucket", TenantId.Parse(Id)));

        statements.Select(s => s.GetProperty("Effect").GetString()).ShouldAllBe(e => e == "Allow");
        statements[0].GetProperty("Resource").GetString().ShouldBe($"arn:aws:s3:::bucket/tenants/{Id}/*");
        statements[1].GetProperty("Resource").GetString().ShouldBe("arn:aws:s3:::bucket");
        statements[1].GetProperty("Action").EnumerateArray().Select(a => a.GetString()).ShouldBe(["s3:ListBucket", "s3:ListBucketVersions"]);
        statements[1].GetProperty("Condition").GetProperty("StringLike").GetProperty("s3:prefix").GetString().ShouldBe($"tenants/{Id}/*");
    }

    [Fact]
    public void Should_deny_everybody_the_rest_of_the_tenants_own_bucket()
    {
        var statements = Statements(TenantPolicies.OwnBucket("bucket-x", TenantId.Parse(Id)));

        statements.Select(s => s.GetProperty("Effect").GetString()).ShouldAllBe(e => e == "Deny");
        statements[0].GetProperty("NotResource").EnumerateArray().Select(r => r.GetString())
            .ShouldBe(["arn:aws:s3:::bucket-x", $"arn:aws:s3:::bucket-x/tenants/{Id}/*"]);
        statements[1].GetProperty("Condition").GetProperty("StringNotLike").GetProperty("s3:prefix").GetString().ShouldBe($"tenants/{Id}/*");
    }

    [Fact]
    public void Should_fit_where_sessions_take_policies()
    {
        // AWS limits a session policy to 2,048 characters.
        TenantPolicies.Session(new string('b', 63), TenantId.Parse(Id)).Length.ShouldBeLessThan(2048);
    }

    private static List<JsonElement> Statements(string policy)
    {
        var document = JsonSerializer.Deserialize<JsonElement>(policy);
        document.GetProperty("Version").GetString().ShouldBe("2012-10-17");
        return [.. document.GetProperty("Statement").EnumerateArray()];
    }
}
