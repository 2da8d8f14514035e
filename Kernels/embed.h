// One entry of the table of embedded texts: the file that FILE names. Included once for each.
{FILE, (const char[]){
#embed FILE suffix(, 0)
}},
#undef FILE
