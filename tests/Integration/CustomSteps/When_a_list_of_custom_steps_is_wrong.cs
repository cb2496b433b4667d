using System.Text;
using Saga.Tests.Integration.Api;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_a_list_of_custom_steps_is_wrong(SharedApi shared) : ApiTest(shared), IClassFixture<SharedApi>
{
    [Theory]
    [InlineData("""{"basedOn":0,"steps":[],"reason":"x","more":1}""", "/more")]
    [InlineData("""{"steps":[],"reason":"x"}""", "/basedOn")]
    [InlineData("""{"basedOn":"0","steps":[],"reason":"x"}""", "/basedOn")]
    [InlineData("""{"basedOn":0,"reason":"x"}""", "/steps")]
    [InlineData("""{"basedOn":0,"steps":{},"reason":"x"}""", "/steps")]
    [InlineData("""{"basedOn":0,"steps":[null],"reason":"x"}""", "/steps")]
    [InlineData("""{"basedOn":0,"steps":[]}""", "/reason")]
    [InlineData("""{"basedOn":0,"steps":[{"nme":"a"}],"reason":"x"}""", "/steps/0/nme")]
    [InlineData("""{"basedOn":0,"steps":[{"name":7}],"reason":"x"}""", "/steps/0/name")]
    [InlineData("""{"basedOn":0,"steps":[{"after":"left"}],"reason":"x"}""", "/steps/0/after")]
    [InlineData("""{"basedOn":0,"steps":[{"after":[1]}],"reason":"x"}""", "/steps/0/after/0")]
    [InlineData("""{"basedOn":0,"steps":[{"http":{"url":"https://a.example/"}}],"reason":"x"}""", "/steps/0/http/url")]
    [InlineData("""{"basedOn":0,"steps":[{"name":"acme.a.b","workflow":"provision","worker":"acme-a","after":["tenant.activate"]}],"reason":"x"}""", "/steps/0/after")]
    [InlineData("""{"basedOn":0,"steps":[{"name":"acme.a.b","workflow":"provision","worker":"acme-a","after":["nothing"]}],"reason":"x"}""", "/steps/0/after")]
    [InlineData("""{"basedOn":0,"steps":[{"name":"acme.a.b","workflow":"provision","http":{"executeUrl":"http://a.example/"}}],"reason":"x"}""", "/steps/0/http/executeUrl /steps/0/http/compensateUrl /steps/0/http/secret")]
    public async Task Should_name_the_field(string body, string pointers)
    {
        using var answer = await Server.Admin.PutAsync(new Uri("/api/v1/custom-steps", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        Pointers(await ProblemAsync(answer, 422, "validation")).ShouldBe(pointers);
        (await Server.QueryAsync<long>("select count(*) from custom_steps")).ShouldBe(0);
    }
}
