using System.Security.Cryptography;
using System.Text;
using Saga.Registry.Audit;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Audit;

/// <summary>The form is a contract: hashes of years ago must still be right.</summary>
public sealed class When_a_line_is_chained
{
    private static readonly AuditEntry Line = new()
    {
        Id = 41, At = new(2026, 11, 27, 18, 5, 9, 120, 5, TimeSpan.Zero), Actor = "Ada Ünlü", Action = "hold.set", TenantId = new("0198f6a0-0000-7000-8000-000000000001"),
        Outcome = "allowed", Origin = "http 203.0.113.7", Reason = "a\nb", Detail = """{"code": "abuse"}""",
    };

    [Fact]
    public void Should_have_the_documented_form() => AuditChain.Canonical(7, Line).ShouldBe(
        "saga-audit-1\n7\n2:41\n27:2026-11-27T18:05:09.120005Z\n10:Ada Ünlü\n8:hold.set\n36:0198f6a0-0000-7000-8000-000000000001\n-\n7:allowed\n16:http 203.0.113.7\n3:a\nb\n-\n-\n-\n17:{\"code\": \"abuse\"}\n");

    [Fact]
    public void Should_have_the_hash_of_the_former_hash_and_the_form()
    {
        var former = SHA256.HashData("x"u8);

        AuditChain.Next(former, 7, Line).ShouldBe(SHA256.HashData([.. former, .. Encoding.UTF8.GetBytes(AuditChain.Canonical(7, Line))]));
        Convert.ToHexStringLower(AuditChain.Next(AuditChain.Start, 1, Line)).ShouldBe("d0baae2a87cb6b260f39097c78e3dd7d3fdd60d34fc3a0eeed1c14a88e9e5b7a");
    }

    [Fact]
    public void Should_tell_fields_apart_that_read_alike()
    {
        var forms = new[] { Line with { Reason = "a", Before = "b" }, Line with { Reason = "a\n1:b", Before = null }, Line with { Reason = null, Before = "a\n1:b" }, Line with { Reason = "-", Before = "b" } };

        forms.Select(f => AuditChain.Canonical(7, f)).Distinct().Count().ShouldBe(forms.Length);
    }

    [Fact]
    public void Should_keep_a_mark_as_it_was_signed()
    {
        var mark = new AuditMark
        {
            Kind = AuditMark.Head, Chain = new("0198f6a0-0000-7000-8000-000000000002"), Day = new(2026, 11, 27), Number = 7, Hash = new('a', 64), SignedAt = Line.At, KeyId = "0123456789abcdef",
            Signature = [1, 2],
        };

        Encoding.UTF8.GetString(mark.Text()).ShouldBe($"saga-audit-1 head\n0198f6a0-0000-7000-8000-000000000002\n2026-11-27\n7\n{new string('a', 64)}\n2026-11-27T18:05:09.120005Z\n0123456789abcdef\n");
        var read = AuditMark.Parse(Encoding.UTF8.GetBytes(mark.ToJson())).ShouldNotBeNull();
        read.Text().ShouldBe(mark.Text());
        read.Signature.ShouldBe(mark.Signature);
        AuditMark.Parse("{}"u8).ShouldBeNull();
    }
}
