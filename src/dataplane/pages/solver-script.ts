/**
 * The program on the challenge page. It looks for a number whose SHA-256, written behind the challenge's last 32 characters, begins with enough zero bits;
 * the browser's own hashing is not used: it is asynchronous per hash, and missing without TLS. The first eight rounds depend on the challenge only and
 * are done once. Written for old engines (no modern syntax) and for hardened ones: no worker, a worker that stays silent, odd timers, a failing script:
 * each falls back to the next, at last to the plain link and the Refresh header, which need no script.
 * Sent as it stands: no comment and no long name inside.
 */

/** `solve(text, bits, from, count)`: the number, or -1. Also run by the tests. */
export const solverSource = `function solve(t,z,f,m){
var K=solve.K,W=solve.W||(solve.W=new Int32Array(64)),i,j,a,b,c,d,e,g,h,k,x,y,s,n,q,l;
if(!K){K=solve.K=new Int32Array(64);for(i=2,j=0;j<64;i++){for(x=2;x*x<=i&&i%x;x++);if(x*x>i){y=Math.pow(i,1/3);K[j++]=(y-Math.floor(y))*4294967296|0}}}
var H=[1779033703,-1150833019,1013904242,-1521486534,1359893119,-1694144372,528734635,1541459225],P=H.slice();
for(i=0;i<8;i++)W[i]=t.charCodeAt(i*4)<<24|t.charCodeAt(i*4+1)<<16|t.charCodeAt(i*4+2)<<8|t.charCodeAt(i*4+3);
function R(u){x=P[4];y=(x>>>6|x<<26)^(x>>>11|x<<21)^(x>>>25|x<<7);s=P[7]+y+(x&P[5]^~x&P[6])+K[u]+W[u]|0;x=P[0];
y=((x>>>2|x<<30)^(x>>>13|x<<19)^(x>>>22|x<<10))+(x&P[1]^x&P[2]^P[1]&P[2]);P=[s+y|0,P[0],P[1],P[2],P[3]+s|0,P[4],P[5],P[6]]}
for(i=0;i<8;i++)R(i);
for(n=f;n<f+m;n++){
q=""+n;l=q.length;W[8]=W[9]=W[10]=W[11]=W[12]=W[13]=W[14]=0;
for(i=0;i<l;i++)W[8+(i>>2)]|=q.charCodeAt(i)<<24-(i&3)*8;
W[8+(l>>2)]|=128<<24-(l&3)*8;W[15]=(32+l)*8;
for(i=16;i<64;i++){x=W[i-15];y=W[i-2];W[i]=W[i-16]+W[i-7]+((x>>>7|x<<25)^(x>>>18|x<<14)^x>>>3)+((y>>>17|y<<15)^(y>>>19|y<<13)^y>>>10)|0}
a=P[0];b=P[1];c=P[2];d=P[3];e=P[4];g=P[5];h=P[6];k=P[7];
for(i=8;i<64;i++){s=k+((e>>>6|e<<26)^(e>>>11|e<<21)^(e>>>25|e<<7))+(e&g^~e&h)+K[i]+W[i]|0;
y=((a>>>2|a<<30)^(a>>>13|a<<19)^(a>>>22|a<<10))+(a&b^a&c^b&c);k=h;h=g;g=e;e=d+s|0;d=c;c=b;b=a;a=s+y|0}
if((a+H[0]|0)>>>32-z===0)return n}
return -1}`

/** What the page does around it. The link or form `#go` holds the challenge (`data-t`) and its difficulty (`data-z`); with `data-stay` it waits to be pressed, and the next page
 * stands in the history in place of this one: back, once, is the form that was written. */
export const pageScript = `(function(){
${solverSource}
var D=document,G=D.getElementById("go"),S=D.getElementById("s"),B=D.getElementById("b"),T=G.getAttribute("data-t"),Z=+G.getAttribute("data-z"),N=0,E=0,w=null,X=T.slice(-32);
function done(n){if(E)return;E=1;B.value=100;if(G.hasAttribute("data-stay")){G.setAttribute("href",G.getAttribute("href")+"."+n);G.onclick=function(){location.replace(G.href);return false};return}S.textContent=S.getAttribute("data-done");
if(G.tagName==="FORM"){G.setAttribute("action",G.getAttribute("action")+"."+n);HTMLFormElement.prototype.submit.call(G)}else location.replace(G.getAttribute("href")+"."+n+location.hash)}
function shown(n){N=n;B.value=Math.round(100*(1-Math.exp(-n/Math.pow(2,Z))))}
function slice(){if(E)return;var r=solve(X,Z,N,1500);if(r>=0)done(r);else{shown(N+1500);setTimeout(slice,0)}}
function main(){if(w){w.terminate();w=null;slice()}}
B.hidden=false;
window.addEventListener("pageshow",function(e){if(e.persisted)location.reload()});
try{w=new Worker(URL.createObjectURL(new Blob([solve.toString()+";onmessage=function(e){var n=0,r;for(;;){r=solve(e.data[0],e.data[1],n,4096);if(r>=0)return postMessage(r);n+=4096;postMessage(-n)}}"],{type:"text/javascript"})));
w.onerror=main;w.onmessage=function(e){var n=e.data;if(typeof n!=="number")return;if(n<0)shown(-n);else done(n)};
w.postMessage([X,Z]);setTimeout(function(){if(N===0&&!E)main()},2000)}catch(e){w=null;slice()}
})()`
